/**
 * A test runner for Stryker: asks the fixed corpus of the reference first, in its own process, and only what that does not
 * notice goes to Vitest. Most mutants die in milliseconds that way. `differential.test.ts` holds the same corpus, so what
 * dies here would die there.
 */
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { strykerPlugins as vitestPlugins } from '@stryker-mutator/vitest-runner';

const [vitestPlugin] = vitestPlugins;
const killedBy = ['reference/corpus'];

class ReferenceFirstRunner {
  #inner;
  #check;
  #kills = 0;
  #tests;

  constructor(inner) {
    this.#inner = inner;
  }

  capabilities() {
    return this.#inner.capabilities();
  }

  async init() {
    await this.#inner.init();
    const { makeCorpus } = await import(join(process.cwd(), 'test/reference/corpus.ts'));
    this.#check = makeCorpus();
    const before = this.#check();
    if (before !== undefined) throw new Error(`the corpus fails without a mutant: ${before}`);
  }

  async dryRun(options) {
    const result = await this.#inner.dryRun(options);
    await writeFile(coverageFile, JSON.stringify(testsByMutant(result.mutantCoverage)));
    return result;
  }

  async mutantRun(options) {
    const { id } = options.activeMutant;
    this.#tests ??= JSON.parse(await readFile(coverageFile, 'utf8'));
    const testFilter = options.testFilter ?? this.#tests[id];
    // What also runs in tests is switched on while they run; what runs only while modules load takes a new process.
    const difference = testFilter === undefined ? differenceOfProcess(id) : this.#differenceUnder(id);
    if (difference !== undefined) return { status: 'killed', killedBy, failureMessage: difference, nrOfTests: 1 };
    const mutantActivation = testFilter === undefined ? 'static' : 'runtime';
    return noticed(await this.#inner.mutantRun(byFile({ ...options, testFilter, mutantActivation })));
  }

  #differenceUnder(id) {
    globalThis.__stryker__ ??= {};
    const switches = globalThis.__stryker__;
    Object.assign(switches, { activeMutant: id, hitCount: 0, hitLimit: 3_000_000 });
    let difference;
    try {
      difference = this.#check();
    } catch (error) {
      difference = `threw ${error}`;
    } finally {
      Object.assign(switches, { activeMutant: undefined, hitCount: undefined, hitLimit: undefined });
    }
    if (difference !== undefined) this.#holdsAgain();
    return difference;
  }

  /** A mutant must leave nothing behind by which the next one would seem to be noticed. */
  #holdsAgain() {
    this.#kills += 1;
    if (this.#kills % 50 !== 0) return;
    const after = this.#check();
    if (after !== undefined) throw new Error(`the corpus fails without a mutant: ${after}`);
  }

  dispose() {
    return this.#inner.dispose();
  }
}

/** In the sandbox, which all runners share; only one of them makes the first run. */
const coverageFile = '.mutant-coverage.json';

function testsByMutant({ perTest } = { perTest: {} }) {
  const tests = {};
  for (const [test, hits] of Object.entries(perTest)) {
    for (const id of Object.keys(hits)) {
      tests[id] ??= [];
      tests[id].push(test);
    }
  }
  return tests;
}

/** The same for what runs while modules load: those of this process are loaded, so it takes a new one. */
function differenceOfProcess(id) {
  const env = { ...process.env, __STRYKER_ACTIVE_MUTANT__: id };
  const run = spawnSync(process.execPath, [program], { env, encoding: 'utf8', timeout: 60_000 });
  if (run.status === 0) return undefined;
  return run.status === 1 ? run.stdout : `ended with ${run.status ?? run.signal ?? run.error}`;
}

const program = join(import.meta.dirname, 'check-corpus.mjs');

/** A test file that cannot even be read under a mutant has noticed it: an ordinary run of the tests would fail. */
function noticed(result) {
  const [, file] = /outside of a test run: (\S+\.test\.ts): /.exec(result.errorMessage ?? '') ?? [];
  if (result.status !== 'error' || file === undefined) return result;
  return { status: 'killed', killedBy: [file], failureMessage: result.errorMessage, nrOfTests: 1 };
}

/** The corpus of this file has been asked. */
const asked = 'test/reference/differential.test.ts';

/**
 * Vitest picks tests by one pattern with all their names, which takes longer than the tests when there are many: then a file
 * is run as a whole. A test id is its file, `#` and its name; the runner anchors the end of a name only, so that an empty
 * name stands for all of the file.
 */
function byFile(options) {
  if (options.testFilter === undefined) return options;
  const files = new Set(options.testFilter.map((id) => id.slice(0, id.indexOf('#'))));
  files.delete(asked);
  return files.size === 0 ? options : { ...options, testFilter: [...files].map((file) => `${file}#`) };
}

function create(injector) {
  return new ReferenceFirstRunner(vitestPlugin.factory(injector));
}
create.inject = vitestPlugin.factory.inject;

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'reference-first', create)];
