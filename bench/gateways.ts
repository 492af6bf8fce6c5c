/**
 * Several gateways in one process, which share code, compiled code and heap: what they differ by is what their options
 * cost, not where a process happens to lie in memory. Arguments: one list of install flags for each, as JSON.
 */
import { loadStaticConfiguration } from '../src/config/static/load.ts';
import { type Gateway, startGateway } from '../src/gateway/gateway.ts';
import { createApplicationLog } from '../src/telemetry/application-log.ts';

const gateways: Gateway[] = [];
for (const flags of process.argv.slice(2)) {
  const argv = JSON.parse(flags) as readonly string[];
  const loaded = loadStaticConfiguration({ argv, env: {}, cwd: process.cwd() });
  if (!loaded.ok) throw new TypeError(loaded.diagnostics.map(({ message }) => message).join('\n'));
  const { configuration } = loaded;
  gateways.push(await startGateway({ configuration, log: createApplicationLog(configuration.log).logger }));
}
process.once('SIGTERM', () => {
  void Promise.all(gateways.map((gateway) => gateway.shutdown())).then(() => process.exit());
});
