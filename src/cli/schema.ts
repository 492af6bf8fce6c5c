import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nearest } from '../errors.ts';
import { type CommandDefinition, UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import { packageRoot } from './package-facts.ts';

const ending = '.schema.json';

export const command: CommandDefinition = {
  configure(schema) {
    schema.argument('[kind]', 'which schema; without it, the kinds are listed').addHelpText(
      'after',
      `
Examples:
  portcullis schema install > portcullis.schema.json
  # first line of portcullis.yaml, for editors with the YAML language server:
  # yaml-language-server: $schema=./portcullis.schema.json
  portcullis schema policy-test > policy-tests/policy-test.schema.json`,
    );
  },
  async execute({ operands, out }) {
    const folder = join(packageRoot, 'schema');
    const kinds = readdirSync(folder)
      .filter((file) => file.endsWith(ending))
      .map((file) => file.slice(0, -ending.length))
      .sort();
    const [wanted] = operands;
    if (wanted === undefined) {
      out(`${kinds.join('\n')}\n`);
      return exitCode.ok;
    }
    const kind = kinds.find((each) => each.toLowerCase() === wanted.toLowerCase());
    if (kind === undefined) {
      const near = nearest(wanted, kinds);
      throw new UsageError(
        `there is no schema ${wanted}; ${near === undefined ? `kinds: ${kinds.join(', ')}` : `did you mean ${near}?`}`,
      );
    }
    out(readFileSync(join(folder, kind + ending), 'utf8'));
    return exitCode.ok;
  },
};
