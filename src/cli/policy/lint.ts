import { Option } from 'commander';
import { type Diagnostic, formatDiagnostic } from '../../errors.ts';
import type { WrittenPolicies } from '../../gateway/written-policies.ts';
import { type Finding, lintPolicies } from '../../policy/analysis/index.ts';
import { type CommandDefinition, UsageError } from '../command.ts';
import { exitCode } from '../exit-code.ts';
import { toolsOffered } from './ask-upstream.ts';
import { readWritten } from './choose-policies.ts';
import { claimsFile, list, offeredNames } from './load-facts.ts';
import { pathPrefixFindings } from './path-prefixes.ts';

const severities = ['error', 'warning', 'info'] as const;

export const command: CommandDefinition = {
  configure(lint) {
    lint
      .argument('[paths...]', 'files and folders with the policies')
      .option('--claims <file>', 'claims of a sample token (JSON, YAML or a JWT); may be given again', list)
      .option('--tools <file>', 'the answer of the upstream to tools/list, as JSON')
      .option('--upstream <url>', 'ask an MCP server for its tools')
      .option('--upstream-token <token>', 'bearer token for the upstream')
      .option('--json', 'findings as a JSON array')
      .addOption(
        new Option('--fail-on <severity>', 'the least that fails')
          .choices(['warning', 'info', 'never'])
          .default('warning'),
      )
      .addHelpText(
        'after',
        `
Exit code 0 when nothing was found that fails, 1 otherwise.

Examples:
  portcullis policy lint ./routes
  portcullis policy lint ./routes --claims developer.json --tools tools.json --fail-on info`,
      );
  },
  async execute({ operands, options, cwd, out, err }) {
    if (operands.length === 0) throw new UsageError('name the files or folders with the policies');
    const { written, configuration } = await readWritten(operands, cwd);
    const tokens = (Array.isArray(options['claims']) ? options['claims'].map(String) : []).map((path) => {
      const claims = claimsFile(path, cwd);
      if (claims.size === 0) throw new UsageError(`${path} holds no claims: a sample has those that real tokens have`);
      return claims;
    });
    const { tools: toolsFile, upstream, upstreamToken } = options;
    const fromFile = typeof toolsFile === 'string' ? offeredNames(toolsFile, cwd, 'tools', 'name') : undefined;
    const asked =
      typeof upstream === 'string'
        ? await toolsOffered(upstream, typeof upstreamToken === 'string' ? upstreamToken : undefined)
        : undefined;
    const tools = fromFile === undefined && asked === undefined ? undefined : [...(fromFile ?? []), ...(asked ?? [])];
    const found: Diagnostic[] = [
      ...written.flatMap((one) => [
        ...one.warnings,
        ...lintPolicies(one.policies, { tokens, tools }).map((finding) => placed(one, finding)),
      ]),
      ...pathPrefixFindings(configuration),
    ];
    if (options['json'] === true) out(`${JSON.stringify(found, undefined, 2)}\n`);
    else {
      for (const diagnostic of found) out(`${formatDiagnostic(diagnostic)}\n`);
      const counted = severities.map((severity) => ({
        severity,
        number: found.filter((each) => each.severity === severity).length,
      }));
      const told = counted
        .filter(({ number }) => number > 0)
        .map(({ severity, number }) => `${number} ${severity}${number === 1 || severity === 'info' ? '' : 's'}`);
      err(
        `${told.length === 0 ? 'nothing found' : told.join(', ')} in the policies of ${written.length} middleware${written.length === 1 ? '' : 's'}\n`,
      );
    }
    const least =
      options['failOn'] === 'never' ? -1 : severities.indexOf(options['failOn'] as (typeof severities)[number]);
    return found.some(({ severity }) => severities.indexOf(severity) <= least) ? exitCode.failed : exitCode.ok;
  },
};

/** A finding at its place in the manifest. */
function placed(
  { diagnose }: WrittenPolicies,
  { code, severity, list: key, index, span, message, hint }: Finding,
): Diagnostic {
  const path = index === undefined ? [key] : [key, index, 'match'];
  return diagnose({ code, severity, message, hint }, path, span);
}
