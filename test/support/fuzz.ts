import type * as FastCheck from 'fast-check';
import { vi } from 'vitest';

/**
 * Lets the environment say how hard properties are tried: `FUZZ_RUNS` is the least number of runs of every property,
 * `FUZZ_RUNS_MOST` the greatest, whatever number it names itself; `FUZZ_SEED` repeats a run. Without them this does nothing.
 * Runs before each test file.
 */
const { FUZZ_RUNS: least = '1', FUZZ_RUNS_MOST: most = 'Infinity', FUZZ_SEED: seed } = process.env;

if (least !== '1' || most !== 'Infinity' || seed !== undefined) {
  vi.doMock('fast-check', async (importOriginal) => {
    const original = await importOriginal<typeof FastCheck>();
    const assert = (property: FastCheck.IProperty<unknown>, parameters?: FastCheck.Parameters<unknown>) =>
      original.assert(property, {
        ...parameters,
        numRuns: Math.min(Math.max(parameters?.numRuns ?? 100, Number(least)), Number(most)),
        ...(seed === undefined ? {} : { seed: Number(seed) }),
      });
    return { ...original, assert, default: { ...original.default, assert } };
  });
}
