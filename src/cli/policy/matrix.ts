import { Option } from 'commander';
import {
  columnsNamed,
  groupsNamed,
  type MatrixCaller,
  type MatrixColumn,
  policyMatrix,
} from '../../policy/analysis/index.ts';
import { type CommandDefinition, UsageError } from '../command.ts';
import { exitCode } from '../exit-code.ts';
import { choosePolicies } from './choose-policies.ts';
import { claimsFile, list, offeredNames } from './load-facts.ts';
import { type MatrixFormat, matrixFormats } from './matrix-text.ts';

export const command: CommandDefinition = {
  configure(matrix) {
    matrix
      .argument('[paths...]', 'files and folders with the policies')
      .option('--middleware <name>', 'the mcp middleware, when there are several')
      .option('--group-claim <path>', 'the claim with the groups', 'groups')
      .option('--group <name>', 'a group to look at; default: every group that the policies name', list)
      .option('--caller <name=file>', 'a caller with exactly the claims of a file; may be given again', list)
      .option('--tools <file>', 'the answer of the upstream to tools/list; default: the tools that the policies name')
      .addOption(
        new Option('--format <format>', 'how it is written').choices(['text', 'markdown', 'json']).default('text'),
      )
      .addHelpText(
        'after',
        `
always and never are proven for every argument (and, for a group, every other claim); sometimes comes with the condition
that is left; unknown could not be settled.

Examples:
  portcullis policy matrix ./routes
  portcullis policy matrix ./routes --caller support=support.json --tools tools.json --format markdown`,
      );
  },
  async execute({ operands, options, cwd, out }) {
    if (operands.length === 0) throw new UsageError('name the files or folders with the policies');
    const name = typeof options['middleware'] === 'string' ? options['middleware'] : undefined;
    const { policies } = await choosePolicies(operands, name, cwd);
    const claim = String(options['groupClaim'] ?? 'groups').split('.');
    const given = (key: string) => (Array.isArray(options[key]) ? options[key].map(String) : []);
    const groups = given('group').map((label): MatrixCaller => ({ label, claims: { path: claim, value: [label] } }));
    const named = given('caller').map((each): MatrixCaller => {
      const at = each.indexOf('=');
      if (at < 1) throw new UsageError(`--caller takes name=file: got ${each}`);
      return { label: each.slice(0, at), claims: claimsFile(each.slice(at + 1), cwd) };
    });
    const callers = groups.length + named.length > 0 ? [...groups, ...named] : groupsNamed(policies, claim);
    const columns = columnsNamed(policies);
    const offered =
      typeof options['tools'] === 'string' ? offeredNames(options['tools'], cwd, 'tools', 'name') : undefined;
    const chosen: readonly MatrixColumn[] =
      offered === undefined
        ? columns
        : [
            ...offered.map((item): MatrixColumn => ({ list: 'tools', item })),
            ...columns.filter((column) => column.list !== 'tools'),
          ];
    out(matrixFormats[options['format'] as MatrixFormat](policyMatrix(policies, { callers, columns: chosen })));
    return exitCode.ok;
  },
};
