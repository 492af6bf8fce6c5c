import { describe, vi } from 'vitest';
import { programs } from './cluster.ts';

/** Steps 2 to 12 of the guide again, test by test, with `kubectl apply` in the place of files. */
describe.skipIf(programs === undefined)('with an API server', async () => {
  vi.doMock('../peers/guide.ts', async () => {
    const { startGuideInCluster } = await import('./guide-in-cluster.ts');
    return { startGuide: () => startGuideInCluster() };
  });
  if (programs !== undefined) await import('../guide/guide.test.ts');
});
