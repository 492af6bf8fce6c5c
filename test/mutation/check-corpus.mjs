/**
 * Asks the fixed corpus once and ends with 1 when a case comes out otherwise. The mutant that the environment names is on from
 * the start, as a mutant of a line that runs while a module loads has to be.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

try {
  const { makeCorpus } = await import(pathToFileURL(join(process.cwd(), 'test/reference/corpus.ts')).href);
  // A part of it: most of the time goes into asking the reference, and what is missed goes on to the tests.
  const difference = makeCorpus(40)();
  if (difference !== undefined) {
    process.stdout.write(difference);
    process.exitCode = 1;
  }
} catch (error) {
  process.stdout.write(`threw ${error}`);
  process.exitCode = 1;
}
