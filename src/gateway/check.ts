import type { DynamicConfiguration } from '../config/dynamic/model.ts';
import type { RuntimeStatus } from '../config/runtime/status.ts';
import type { StaticConfiguration } from '../config/static/schema.ts';
import { loadPaths } from '../provider/manifests/load-paths.ts';
import { silentLogger } from '../telemetry/log.ts';
import { buildGeneration } from './build.ts';
import { installContext } from './install.ts';

/**
 * Builds a configuration as a start would, opens no port, asks no upstream, and says what became of every item: the same
 * code and the same messages as in a running gateway.
 */
export async function checkConfiguration(
  install: StaticConfiguration,
  configuration: DynamicConfiguration,
): Promise<RuntimeStatus> {
  const context = await installContext(
    { ...install, accessLog: undefined, metrics: undefined, tracing: undefined, audit: undefined },
    silentLogger,
  );
  try {
    const { generation } = await buildGeneration(1, configuration, context, { pinned: new Map(), refused: [] });
    generation.dispose();
    return generation.status;
  } finally {
    await context.dispose();
  }
}

/** As {@link checkConfiguration}, for what files and folders hold. When they cannot be read at all, `refused` says why. */
export async function checkPaths(install: StaticConfiguration, paths: readonly string[]): Promise<RuntimeStatus> {
  const update = await loadPaths(paths);
  if (update.ok) return checkConfiguration(install, update.configuration);
  return { generation: 0, loadedAt: new Date(), items: [], problems: [], refused: update.diagnostics };
}
