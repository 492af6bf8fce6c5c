import { Option } from 'commander';
import type { ObjectValue, Value } from '../../expression/index.ts';
import { jsonText, whyVisible } from '../../policy/analysis/index.ts';
import { type ItemKind, itemShapes, type PolicyRequest } from '../../policy/index.ts';
import { type CommandDefinition, type Invocation, UsageError } from '../command.ts';
import { exitCode } from '../exit-code.ts';
import { choosePolicies, pickPolicies, readWritten } from './choose-policies.ts';
import { callerClaims, list } from './load-facts.ts';
import { findRecorded } from './recorded-request.ts';
import { describeRequest, requestOf, type WrittenRequest } from './request.ts';
import { parseJsonValue } from './value-from.ts';
import { walkText } from './walk-text.ts';

const kinds = { tool: 'tools', prompt: 'prompts', resource: 'resources' } as const satisfies Record<string, ItemKind>;

export const command: CommandDefinition = {
  configure(explain) {
    explain
      .argument('[paths...]', 'files and folders with the policies')
      .option('--middleware <name>', 'the mcp middleware, when there are several')
      .option('--claims <file>', 'claims of the caller: JSON, YAML or a JWT')
      .option('--token <jwt>', 'the same as a token; its signature is not checked')
      .option('--claim <name=value>', 'a claim; given again it becomes a list, name[]=value is always one', list)
      .option('--claim-json <name=json>', 'a claim with a JSON value', list)
      .option('--call <tool>', 'a call of a tool')
      .option('--prompt <name>', 'the use of a prompt')
      .option('--arguments <json>', 'arguments of the call')
      .option('--read <uri>', 'reading a resource')
      .addOption(
        new Option('--list <kind>', 'asking for a list').choices([
          'tools',
          'prompts',
          'resources',
          'resources/templates',
        ]),
      )
      .option('--method <name>', 'any other method')
      .option('--message <json>', 'a whole JSON-RPC message')
      .option('--header <name=value>', 'a request header', list)
      .option('--ip <address>', 'the address of the client')
      .option('--annotations <json>', 'annotations of the tool')
      .option('--decision <id>', 'a decision from an audit file')
      .option('--log <file>', 'the audit file')
      .option('--why-hidden <name>', 'why the caller does or does not see something')
      .addOption(
        new Option(
          '--kind <kind>',
          'what --why-hidden is about (default: a resource if it has "://", else a tool)',
        ).choices(Object.keys(kinds)),
      )
      .addHelpText(
        'after',
        `
Walks through the rules with the value of every condition and tells what decided. Arguments and claims are printed.

Examples:
  portcullis policy explain ./routes --claim groups[]=developer --call read_wiki_contents --arguments '{"repoName":"acme/site"}'
  portcullis policy explain ./routes --claims developer.json --why-hidden read_wiki_contents
  portcullis policy explain ./routes --claim tenant=acme --why-hidden tenant://acme/invoices
  portcullis policy explain ./routes --log audit.jsonl --decision 01JD…-1`,
      );
  },
  async execute(invocation) {
    const { operands, options, cwd, out } = invocation;
    if (operands.length === 0) throw new UsageError('name the files or folders with the policies');
    const text = (name: string) => (typeof options[name] === 'string' ? options[name] : undefined);
    const decision = text('decision');
    if (decision !== undefined) {
      const log = text('log');
      if (log === undefined) throw new UsageError('--decision is looked up in an audit file: give --log FILE');
      const recorded = await findRecorded(log, decision, cwd);
      const all = await readWritten(operands, cwd);
      const written = pickPolicies(all, text('middleware') ?? recorded.middleware);
      const { policies } = written;
      out(`${describeRequest(recorded.request)} (decision ${decision}: ${recorded.verdict})\n\n`);
      const changed = recorded.policySet !== policies.hash;
      if (changed) out('These policies are not those that decided then.\n\n');
      const unknown = recorded.unknownPaths(policies);
      if (unknown.length > 0) out(`Not recorded, and taken for absent here: ${unknown.join(', ')}\n\n`);
      const trace = policies.trace(recorded.request);
      out(walkText(trace, policies.defaultAction, new Set(unknown)));
      if (!recorded.agrees(trace.decision)) {
        const cause = changed ? 'by other policies' : 'by values that were not recorded';
        const hint = changed ? '' : ' (the install option audit.arguments records those of arguments)';
        out(`\nThen it was ${recorded.verdict}, ${cause}${hint}.\n`);
      }
      return exitCode.ok;
    }
    const { policies } = await choosePolicies(operands, text('middleware'), cwd);
    const claims = callerClaims(options, cwd);
    const hidden = text('whyHidden');
    if (hidden !== undefined) {
      // Tools and prompts have names, resources URIs; taken for a tool, a resource would seem to have no rules.
      const noun = (text('kind') ?? (hidden.includes('://') ? 'resource' : 'tool')) as keyof typeof kinds;
      const kind = kinds[noun];
      const annotations = text('annotations');
      const item: ObjectValue = new Map<string, Value>([
        [itemShapes[kind].member, hidden],
        ...(annotations === undefined ? [] : [['annotations', jsonOption('--annotations', annotations)] as const]),
      ]);
      const request = requestOf({ ...surroundings(invocation), list: kind }, claims, parseJsonValue);
      out(whyText(whyVisible(policies, kind, item, request), noun, hidden, policies.defaultAction));
      return exitCode.ok;
    }
    const request = askedRequest(invocation, claims);
    const caller = claims?.get('sub');
    out(
      `${describeRequest(request)}${typeof caller === 'string' ? ` by ${caller}` : claims === undefined ? ' by a caller without claims' : ''}\n\n`,
    );
    out(walkText(policies.trace(request), policies.defaultAction));
    return exitCode.ok;
  },
};

function askedRequest(invocation: Invocation, claims: ObjectValue | undefined): PolicyRequest {
  const { options } = invocation;
  const keys = ['call', 'prompt', 'read', 'list', 'method', 'message'] as const;
  const given = keys.filter((key) => options[key] !== undefined);
  if (given.length !== 1) throw new UsageError(`give one of ${keys.map((key) => `--${key}`).join(', ')}`);
  const text = (name: string) => (typeof options[name] === 'string' ? options[name] : undefined);
  const { arguments: written } = options;
  const short: WrittenRequest = { ...surroundings(invocation) };
  const [call, prompt] = [text('call'), text('prompt')];
  if (call !== undefined) short.call = call;
  else if (prompt !== undefined) short.prompt = prompt;
  else Object.assign(short, Object.fromEntries(given.map((key) => [key, options[key]])));
  const request = usage(() => requestOf(short, claims, parseJsonValue));
  if (typeof written !== 'string') return request;
  if (call === undefined && prompt === undefined) throw new UsageError('--arguments belongs to --call or --prompt');
  const params = new Map([
    ...(request.mcp.get('params') as ObjectValue),
    ['arguments', jsonOption('--arguments', written)] as const,
  ]);
  return { ...request, mcp: new Map([...request.mcp, ['params', params] as const]) };
}

function surroundings({ options }: Invocation): WrittenRequest {
  const headers = Array.isArray(options['header']) ? options['header'].map(String) : [];
  const short: WrittenRequest = {};
  if (typeof options['ip'] === 'string') short.ip = options['ip'];
  if (headers.length > 0) {
    const grouped = Map.groupBy(headers, (each) => each.slice(0, Math.max(0, each.indexOf('='))).toLowerCase());
    short.http = {
      headers: Object.fromEntries(
        [...grouped].map(([name, each]) => [name, each.map((one) => one.slice(name.length + 1))]),
      ),
    };
  }
  if (typeof options['annotations'] === 'string' && typeof options['call'] === 'string') {
    const hints = parseHints(options['annotations']);
    short.annotations = { [options['call']]: hints };
  }
  return short;
}

function parseHints(text: string): Record<string, unknown> {
  const value = jsonOption('--annotations', text);
  if (!(value instanceof Map)) throw new UsageError('--annotations takes a JSON object');
  return { ...(JSON.parse(text) as object) };
}

function jsonOption(name: string, text: string): Value {
  try {
    return parseJsonValue(text);
  } catch (error) {
    throw new UsageError(`${name}: ${error instanceof Error ? error.message : 'not JSON'}`);
  }
}

function usage<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(`--message: ${error.message}`);
    throw error;
  }
}

function whyText(reason: ReturnType<typeof whyVisible>, noun: string, name: string, defaultAction: string): string {
  const verb = reason.shown ? 'is shown to' : 'is hidden from';
  const ruleName = (rule: { index: number; name: string | undefined }) =>
    `${rule.index}${rule.name === undefined ? '' : ` (${rule.name})`}`;
  if (reason.by === 'listRule')
    return `${name} ${verb} this caller: list rule ${ruleName(reason.listRule ?? { index: 0, name: undefined })} decides.\n`;
  if (reason.by === 'listDefault')
    return `${name} ${verb} this caller: no list rule applies, and listDefaultAction says so.\n`;
  if (reason.by === 'unnamed') return `${name} ${verb} this caller: it has no name.\n`;
  const lines = [
    `${name} ${verb} this caller: ${reason.shown ? 'some call of it could be allowed' : 'no call of it could be allowed'}.`,
    '',
  ];
  for (const { rule, standing, because } of reason.rules) {
    const told =
      standing === 'always'
        ? `decides: ${rule.action}`
        : standing === 'perhaps'
          ? `may apply, depending on the arguments: ${rule.action}`
          : `would ${rule.action}, but does not apply`;
    lines.push(`rule ${ruleName(rule)} ${told}`);
    if (because !== undefined) {
      lines.push(`  ${because.text} is not true`);
      for (const { path, value } of because.reads)
        lines.push(`  ${path.text} is ${value === undefined ? 'absent' : jsonText(value)}`);
    }
    if (standing === 'always') return `${lines.join('\n')}\n`;
  }
  if (reason.rules.length === 0) lines.push(`no rule is about a ${noun} ${name}`);
  lines.push(`then defaultAction: ${defaultAction}`);
  return `${lines.join('\n')}\n`;
}
