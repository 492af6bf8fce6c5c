import type * as FastCheck from 'fast-check';
import { vi } from 'vitest';

/**
 * Lets the environment say how hard properties are tried: `FUZZ_RUNS` is the number of runs of every property, in place of
 * the number it names itself; `FUZZ_SEED` repeats a run. Without them this does nothing. Runs before each test file.
 */
const runs = process.env['FUZZ_RUNS'];
const seed = process.env['FUZZ_SEED'];

if (runs !== undefined || seed !== undefined) {
  const forced: FastCheck.Parameters<unknown> = {
    ...(runs === undefined ? {} : { numRuns: Number(runs) }),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  };
  vi.doMock('fast-check', async (importOriginal) => {
    const original = await importOriginal<typeof FastCheck>();
    original.configureGlobal({ ...original.readConfigureGlobal(), ...forced });
    const assert = (property: FastCheck.IProperty<unknown>, parameters?: FastCheck.Parameters<unknown>) =>
      original.assert(property, { ...parameters, ...forced });
    return { ...original, assert, default: { ...original.default, assert } };
  });
}
