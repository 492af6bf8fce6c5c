/**
 * A test runner for Stryker: asks the fixed corpus of the reference first, in its own process, and only what that does not
 * notice goes to Vitest. Most mutants die in milliseconds that way. `differential.test.ts` holds the same corpus, so what
 * dies here would die there.
 */
import { join } from 'node:path';
import { declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { strykerPlugins as vitestPlugins } from '@stryker-mutator/vitest-runner';

const [vitestPlugin] = vitestPlugins;
const killedBy = ['reference/corpus'];

class ReferenceFirstRunner {
  #inner;
  #check;

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

  dryRun(options) {
    return this.#inner.dryRun(options);
  }

  async mutantRun(options) {
    // What runs while a module loads cannot be switched any more: a process of its own for that costs more than Vitest.
    const difference =
      options.mutantActivation === 'static' ? undefined : this.#differenceUnder(options.activeMutant.id);
    if (difference === undefined) return this.#inner.mutantRun(byFile(options));
    return { status: 'killed', killedBy, failureMessage: difference, nrOfTests: 1 };
  }

  #differenceUnder(id) {
    globalThis.__stryker__ ??= {};
    const switches = globalThis.__stryker__;
    Object.assign(switches, { activeMutant: id, hitCount: 0, hitLimit: 50_000_000 });
    try {
      return this.#check();
    } catch (error) {
      return `threw ${error}`;
    } finally {
      Object.assign(switches, { activeMutant: undefined, hitCount: undefined, hitLimit: undefined });
    }
  }

  dispose() {
    return this.#inner.dispose();
  }
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
