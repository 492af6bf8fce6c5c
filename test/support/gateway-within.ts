import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { loadStaticConfiguration } from '../../src/config/static/load.ts';
import { type Gateway, startGateway } from '../../src/gateway/gateway.ts';
import { keepOutput } from './canaries.ts';
import { keepMetrics } from './keep-metrics.ts';
import { flushKept, keptLogger } from './kept-log.ts';
import { registerConfigured } from './registered-secrets.ts';

/**
 * Starts a gateway within the process of the test. All that it writes is kept for the search at the end of the run: its
 * application log at level DEBUG, the files of access log and audit, and before it ends what it has counted. What it
 * pushes is kept by the collector that takes it. Secrets in the files of `cwd` are registered.
 *
 * @throws TypeError when the options name a log that nobody would see.
 */
export async function startGatewayWithin(argv: readonly string[], cwd: string): Promise<Gateway> {
  const loaded = loadStaticConfiguration({ argv, env: {}, cwd });
  if (!loaded.ok) throw new TypeError(JSON.stringify(loaded.diagnostics));
  const { accessLog, audit } = loaded.configuration;
  if (accessLog !== undefined && accessLog.filePath === undefined && accessLog.otlp === undefined)
    throw new TypeError('name a file for the access log: on standard output nobody searches it');
  for (const entry of readdirSync(cwd, { withFileTypes: true }))
    if (entry.isFile()) registerConfigured(readFileSync(join(cwd, entry.name), 'utf8'));
  const gateway = await startGateway({ configuration: loaded.configuration, log: keptLogger });
  const admin = gateway.addresses.get('admin');
  return {
    addresses: gateway.addresses,
    status: () => gateway.status(),
    reload: () => gateway.reload(),
    reopenLogs: () => gateway.reopenLogs(),
    async shutdown() {
      if (admin !== undefined) await keepMetrics(`http://127.0.0.1:${admin.port}`);
      await gateway.shutdown();
      flushKept();
      for (const [name, path] of [
        ['access', accessLog?.filePath],
        ['audit', audit?.filePath],
      ] as const)
        if (path !== undefined && existsSync(path) && statSync(path).isFile())
          keepOutput('within', `${admin?.port}-${name}`, readFileSync(path));
    },
  };
}

/** As {@link startGatewayWithin}, on the routing configuration in a folder and on free ports. Changes are taken over quickly. */
export function serveFolder(folder: string, flags: readonly string[] = []): Promise<Gateway> {
  const ports = ['web', 'websecure', 'admin'].map((name) => `--entryPoints.${name}.address=127.0.0.1:0`);
  const provider = [`--providers.file.directory=${folder}`, '--providers.providersThrottleDuration=10ms'];
  return startGatewayWithin([...ports, ...provider, ...flags], folder);
}
