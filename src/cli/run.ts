import cluster from 'node:cluster';
import type { CommandDefinition } from './command.ts';
import { exitCode } from './exit-code.ts';
import { loadInstallOptions, settingForPath } from './install-options.ts';
import { reportFault } from './report-fault.ts';

export const command: CommandDefinition = {
  takesInstallOptions: true,
  configure(run) {
    run
      .argument('[folder]', 'folder (or file) with routing objects; the same as --providers.file.directory')
      .usage('[folder] [install options]')
      .addHelpText(
        'after',
        `
Signals: SIGTERM and SIGINT let running requests end (a second one does not wait), SIGHUP reads the routing
configuration again, SIGUSR1 opens log files again.

Examples:
  portcullis run ./routes
  portcullis run ./routes --entryPoints.web.address=127.0.0.1:9000 --accessLog --log.format=json
  portcullis run --configFile=/etc/portcullis/portcullis.yaml --workers=4`,
      );
  },
  async execute(invocation) {
    const [path] = invocation.operands;
    const loaded = loadInstallOptions(invocation, path === undefined ? [] : [settingForPath(path, invocation.cwd)]);
    if (loaded === undefined) return exitCode.configuration;
    if (loaded.configuration.workers > 1 && cluster.isPrimary) {
      const { runWorkers } = await import('./workers.ts');
      return runWorkers(loaded.configuration);
    }
    const { openGateway } = await import('./open-gateway.ts');
    // Without waiting for handles that may still be open (in a worker, the channel to the first process is one): what
    // had to end has ended, or its time is over.
    try {
      const { ended } = await openGateway(loaded);
      return process.exit(await ended);
    } catch (error) {
      const code = reportFault(error, invocation);
      process.stderr.write('', () => process.exit(code));
      return code;
    }
  },
};
