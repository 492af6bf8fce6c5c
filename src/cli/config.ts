import { stringify } from 'yaml';
import { formatDuration } from '../config/duration.ts';
import { flattenConfiguration } from '../config/static/flatten.ts';
import type { CommandDefinition } from './command.ts';
import { exitCode } from './exit-code.ts';
import { loadInstallOptions, settingForPath } from './install-options.ts';

export const command: CommandDefinition = {
  takesInstallOptions: true,
  configure(config) {
    config
      .argument('[folder]', 'folder (or file) with routing objects, as for "run"')
      .option('--given', 'only what was given, without the defaults')
      .option('--json', 'an array of {name, value, source, place}')
      .addHelpText(
        'after',
        `
Sources, later ones win: defaults, the file (--configFile, else portcullis.yaml here, in ~/.config/portcullis or in
/etc/portcullis), variables, flags. Secrets are not shown.

Examples:
  portcullis config
  portcullis config --given --log.level=DEBUG`,
      );
  },
  async execute(invocation) {
    const [path] = invocation.operands;
    const loaded = loadInstallOptions(invocation, path === undefined ? [] : [settingForPath(path, invocation.cwd)]);
    if (loaded === undefined) return exitCode.configuration;
    const rows = flattenConfiguration(loaded.configuration)
      .filter(({ path: name, opens }) => opens !== true || loaded.origins(name).source !== 'default')
      .map(({ path: name, value, unit, secret }) => {
        const { source, place } = loaded.origins(name);
        const shown = secret
          ? 'REDACTED'
          : unit === 'duration' && typeof value === 'number'
            ? formatDuration(value)
            : value;
        return { name: name.join('.'), value: shown, source, place };
      })
      .filter(({ source }) => invocation.options['given'] !== true || source !== 'default');
    if (invocation.options['json'] === true) {
      invocation.out(`${JSON.stringify(rows, undefined, 2)}\n`);
      return exitCode.ok;
    }
    const lines = rows.map(({ name, value, source, place }) => [
      `${name} = ${stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd()}`,
      place === '' ? source : `${source}: ${place}`,
    ]);
    const width = Math.min(72, Math.max(0, ...lines.map(([text]) => text?.length ?? 0)));
    for (const [text = '', origin] of lines) invocation.out(`${text.padEnd(width)}  # ${origin}\n`);
    return exitCode.ok;
  },
};
