import type { CommandDefinition } from './command.ts';
import { exitCode } from './exit-code.ts';
import { readVersion } from './package-facts.ts';

export const command: CommandDefinition = {
  configure(version) {
    version.option('--short', 'the number only');
  },
  async execute({ options, out }) {
    const number = readVersion();
    if (options['short'] === true) out(`${number}\n`);
    else out(`portcullis ${number} (Node.js ${process.versions.node}, ${process.platform}/${process.arch})\n`);
    return exitCode.ok;
  },
};
