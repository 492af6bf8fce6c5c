import { defineConfig } from 'vitest/config';

/** The tests that judge a changed line of the policy language: those of its rooms and the reference, with few runs. */
export default defineConfig({
  test: {
    include: ['src/policy/**/*.test.ts', 'src/expression/**/*.test.ts', 'test/reference/**/*.test.ts'],
    // Statistics over many runs; the reference tests the same laws.
    exclude: ['**/node_modules/**', 'src/policy/visibility-laws.test.ts', 'src/policy/analysis/**'],
    setupFiles: ['./test/support/fuzz.ts', './test/mutation/skip-clocks.ts'],
    env: { FUZZ_RUNS_MOST: '60', FUZZ_CASES: '1500', FUZZ_SEED: '20260725' },
    isolate: false,
    testTimeout: 60_000,
  },
});
