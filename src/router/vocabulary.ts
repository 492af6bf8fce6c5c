import {
  type Call,
  compilePattern,
  defineVocabulary,
  describeVocabulary,
  type FunctionDefinition,
  type FunctionDescription,
  type Leaf,
  outcomeOf,
  type Parameter,
  type Pattern,
  problemAt,
  type Report,
  type Vocabulary,
} from '../expression/index.ts';
import { AddressSet } from '../http/address-set.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Demand } from './demand.ts';
import { canonicalHost, parentOf, parseHostArgument } from './host.ts';
import { parseQuery } from './query.ts';
import { decodeForMatching, encodeRulePath } from './routing-path.ts';

/** A compiled matcher, and what it says about requests for the index. */
export interface Matcher extends Leaf<Exchange> {
  readonly demand: Demand;
  /** For `Host`: the host as the rule names it, lower case. */
  readonly host?: string;
}

type Row = FunctionDefinition<Exchange, undefined, Matcher>;

const pathParameter: Parameter = {
  name: 'path',
  kind: 'path',
  summary: 'Begins with `/`. Characters may be written plainly or percent-encoded.',
};
const patternParameter: Parameter = {
  name: 'regexp',
  kind: 'pattern',
  summary: 'Regular expression in Go syntax, found anywhere unless anchored.',
};
const headerParameter: Parameter = { name: 'name', kind: 'header', summary: 'Name of the header, in any case.' };
const queryParameter: Parameter = { name: 'name', kind: 'query', summary: 'Name of the parameter, exactly.' };

const rows: readonly Row[] = [
  {
    name: 'Host',
    parameters: [
      {
        name: 'host',
        kind: 'host',
        summary: 'Host name without port; `*.` stands for exactly one label; `*` alone for everything.',
      },
    ],
    summary: 'The request was sent to this host.',
    examples: ['Host(`mcp.example.com`)', 'Host(`*.example.com`)'],
    compile(call, _context, report) {
      const argument = parseHostArgument(textOf(call, 0));
      switch (argument.kind) {
        case 'invalid':
          return complain(call, 0, report, argument.message, argument.hint);
        case 'any':
          return { ...matcher(() => true), host: '*' };
        case 'exact': {
          const { host } = argument;
          return {
            ...matcher((exchange) => canonicalHost(exchange.target.host) === host, { hosts: new Set([host]) }),
            host,
          };
        }
        case 'wildcard': {
          const { parent } = argument;
          const test = (exchange: Exchange) => parentOf(canonicalHost(exchange.target.host)) === parent;
          return { ...matcher(test, { hosts: new Set([`.${parent}`]) }), host: `*.${parent}` };
        }
      }
    },
  },
  {
    name: 'HostRegexp',
    parameters: [patternParameter],
    summary: 'The lower-case host that the request was sent to matches.',
    examples: ['HostRegexp(`^[a-z]+\\.example\\.com$`)'],
    compile(call, _context, report) {
      if (/[^\t\n\r\x20-\x7e]/.test(textOf(call, 0))) {
        return complain(call, 0, report, 'A host may only have ASCII characters.', 'Write it in punycode.');
      }
      const pattern = patternOf(call, 0, report);
      return pattern && matcher((exchange) => pattern.test(exchange.target.host));
    },
  },
  {
    name: 'Path',
    parameters: [pathParameter],
    summary: 'The path is exactly this one.',
    examples: ['Path(`/mcp`)'],
    compile(call, _context, report) {
      const path = pathOf(call, report);
      if (path === undefined) return undefined;
      return matcher((exchange) => exchange.path === path, { prefixes: new Set([path]) });
    },
  },
  {
    name: 'PathPrefix',
    parameters: [pathParameter],
    summary: 'The path begins with this text; segments do not matter: `/mcp` is also the beginning of `/mcp-admin`.',
    examples: ['PathPrefix(`/github`)'],
    compile(call, _context, report) {
      const prefix = pathOf(call, report);
      if (prefix === undefined) return undefined;
      return matcher((exchange) => exchange.path.startsWith(prefix), { prefixes: new Set([prefix]) });
    },
  },
  {
    name: 'PathRegexp',
    parameters: [patternParameter],
    summary: 'The path, percent-decoded, matches.',
    examples: ['PathRegexp(`^/(github|notion)/mcp$`)'],
    compile(call, _context, report) {
      const pattern = patternOf(call, 0, report);
      return pattern && matcher((exchange) => pattern.test(decodeForMatching(exchange.path)));
    },
  },
  {
    name: 'Method',
    parameters: [{ name: 'method', kind: 'method', summary: 'HTTP method, in any case.' }],
    summary: 'The request has this HTTP method.',
    examples: ['Method(`POST`)'],
    compile(call) {
      const method = textOf(call, 0).toUpperCase();
      return matcher((exchange) => exchange.method === method);
    },
  },
  {
    name: 'Header',
    parameters: [headerParameter, { name: 'value', kind: 'value', summary: 'The whole value, exactly.' }],
    summary: 'The request has this header, and one of its values is this one.',
    examples: ['Header(`X-Team`, `blue`)'],
    compile(call) {
      const name = textOf(call, 0).toLowerCase();
      const value = textOf(call, 1);
      return matcher((exchange) => exchange.headers.getAll(name).includes(value));
    },
  },
  {
    name: 'HeaderRegexp',
    parameters: [headerParameter, patternParameter],
    summary: 'The request has this header, and one of its values matches.',
    examples: ['HeaderRegexp(`User-Agent`, `(?i)curl`)'],
    compile(call, _context, report) {
      const name = textOf(call, 0).toLowerCase();
      const pattern = patternOf(call, 1, report);
      return pattern && matcher((exchange) => exchange.headers.getAll(name).some((value) => pattern.test(value)));
    },
  },
  {
    name: 'Query',
    parameters: [
      queryParameter,
      {
        name: 'value',
        kind: 'value',
        optional: true,
        summary: 'The whole value; without it the parameter must be empty.',
      },
    ],
    summary: 'The query has this parameter, and one of its values is this one.',
    examples: ['Query(`version`, `2`)', 'Query(`debug`)'],
    compile: compileQuery,
  },
  {
    name: 'QueryRegexp',
    parameters: [queryParameter, { ...patternParameter, optional: true }],
    summary: 'The query has this parameter, and one of its values matches; without an expression as `Query`.',
    examples: ['QueryRegexp(`version`, `^[0-9]+$`)'],
    compile(call, context, report) {
      if (call.arguments.length === 1) return compileQuery(call, context, report);
      const name = textOf(call, 0);
      const pattern = patternOf(call, 1, report);
      return (
        pattern &&
        matcher((exchange) => parseQuery(exchange.query).some(([key, value]) => key === name && pattern.test(value)))
      );
    },
  },
  {
    name: 'ClientIP',
    parameters: [{ name: 'range', kind: 'address', summary: 'IP address or CIDR range.' }],
    summary: 'The peer that sent the request has this address. `X-Forwarded-For` is not read.',
    examples: ['ClientIP(`10.0.0.0/8`)', 'ClientIP(`::1`)'],
    compile(call, _context, report) {
      const parsed = AddressSet.parse([textOf(call, 0)]);
      if (!parsed.ok) {
        return complain(
          call,
          0,
          report,
          `\`${textOf(call, 0)}\` is no IP address or range.`,
          'Write for instance 10.0.0.1 or 10.0.0.0/8.',
        );
      }
      return matcher((exchange) => parsed.set.contains(exchange.peerAddress));
    },
  },
];

/** The words of router rules (Traefik's rule syntax v3). Adding a matcher is adding a row. */
export const ruleVocabulary: Vocabulary<Exchange, undefined, Matcher> = defineVocabulary(rows, { nameCase: 'traefik' });

/** The words of router rules as plain data, for reference pages and schemas. */
export const ruleReference: readonly FunctionDescription[] = describeVocabulary(ruleVocabulary);

function compileQuery(call: Call, _context: undefined, _report: Report): Matcher {
  const name = textOf(call, 0);
  const value = call.arguments[1]?.value ?? '';
  return matcher((exchange) => parseQuery(exchange.query).some((pair) => pair[0] === name && pair[1] === value));
}

function matcher(test: (exchange: Exchange) => boolean, demand: Demand = {}): Matcher {
  return { evaluate: (exchange) => outcomeOf(test(exchange)), demand };
}

/** The text of an argument that the checker has found to be there. */
function textOf(call: Call, index: number): string {
  return call.arguments[index]?.value ?? '';
}

function pathOf(call: Call, report: Report): string | undefined {
  const path = textOf(call, 0);
  if (path.startsWith('/')) return encodeRulePath(path);
  return complain(call, 0, report, `The path \`${path}\` does not begin with \`/\`.`, `Write /${path}.`);
}

function patternOf(call: Call, index: number, report: Report): Pattern | undefined {
  const compiled = compilePattern(textOf(call, index));
  if (compiled.ok) return compiled.pattern;
  const span = call.arguments[index]?.span ?? call.span;
  const hint = 'Go (RE2) syntax is used: no look-around, no back-references.';
  report(problemAt(span, 'EXPRESSION_PATTERN', `Not a regular expression: ${compiled.message}.`, hint));
  return undefined;
}

function complain(call: Call, index: number, report: Report, message: string, hint?: string): undefined {
  report(problemAt(call.arguments[index]?.span ?? call.span, 'EXPRESSION_ARGUMENT', message, hint));
}
