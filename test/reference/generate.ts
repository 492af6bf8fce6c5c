/** Random policies, requests and items out of tapes. */
import type { CaseItem, CaseRequest, CaseRules } from './case.ts';
import type { Tape } from './tape.ts';
import type { Place } from './vocabulary.ts';
import * as words from './vocabulary.ts';

const asText = (json: string): string => {
  if (json.startsWith('"')) return JSON.parse(json) as string;
  return json.startsWith('[') ? asText(/^\[([^,\]]*)/.exec(json)?.[1] || '""') : json;
};

/** Writes a text in one of the three quote styles. */
function quoted(tape: Tape, text: string): string {
  const style = tape.below(3);
  if (style === 0 && !text.includes('`')) return `\`${text}\``;
  const mark = style === 1 ? '"' : "'";
  const escaped = text.replace(/[\\"'\n\r\t\u0000]/g, (c) => {
    if (c === '\u0000') return '\\u0000';
    const named = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[c];
    return named ?? `\\${c}`;
  });
  return mark + (tape.rarely(12) ? escaped.replace('a', '\\u0061') : escaped) + mark;
}

const escapeTemplate = (text: string): string => text.replaceAll('${', '$${');

/** A text that stands a fair chance to be, hold or begin what is at the place. */
function valueFor(tape: Tape, places: readonly Place[], usual: readonly [string, ...string[]], part: boolean): string {
  const json = tape.rarely(5) ? tape.pick(words.nasty) : tape.pick(usual);
  const text = asText(json);
  // Where the caller is free to choose, values that it chooses are what matters.
  const ways = part ? 6 : 8;
  const way = tape.below(places === words.places ? ways : ways + 4);
  switch (way < ways ? way : 3 + (way % 2)) {
    case 1:
      return part ? escapeTemplate(text.slice(0, 2)) : escapeTemplate(text);
    case 2:
      return part ? escapeTemplate(text.slice(-2)) : escapeTemplate(text);
    case 3:
      return `\${${placeOf(tape, places).path}}`;
    case 4: {
      const cut = tape.below(text.length + 1);
      return `${escapeTemplate(text.slice(0, cut))}\${${placeOf(tape, places).path}}${tape.rarely(3) ? escapeTemplate(text.slice(cut)) : ''}`;
    }
    default:
      return escapeTemplate(text);
  }
}

const placeOf = (tape: Tape, places: readonly Place[]): Place =>
  tape.pick(places) ?? { path: 'mcp.method', usual: ['"ping"'] };

function call(tape: Tape, places: readonly Place[]): string {
  const { path, usual } = placeOf(tape, places);
  const at = quoted(tape, path);
  const value = (part = false) => {
    const text = valueFor(tape, places, usual, part);
    const numeric = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,4})?$/.test(text);
    return numeric && tape.rarely(3) ? text : quoted(tape, text);
  };
  const gap = tape.rarely(8) ? tape.pick([' ', '\n', '\t', '']) : '';
  switch (tape.below(14)) {
    case 0:
    case 1:
    case 2:
      return `Equals(${gap}${at}, ${value()})`;
    case 3:
      return `OneOf(${at},${gap}${tape.several(1, 3, value).join(', ')})`;
    case 4:
    case 5:
      return `Contains${gap}(${at}, ${value(true)})`;
    case 6:
      return `Prefix(${at}, ${value(true)}${gap})`;
    case 7:
      return `Suffix(${at}, ${value(true)})`;
    case 8: {
      const separator = tape.pick([',', ', ', ' ', 'a', '${jwt.root}', '${jwt.tenant}']);
      return `SplitContains(${at}, ${quoted(tape, separator ?? ',')}, ${value()})`;
    }
    case 9:
    case 10:
    case 11:
      return `${tape.pick(['Lt', 'Lte', 'Gt', 'Gte'])}(${at}, ${value()})`;
    case 12:
      return `Matches(${at}, ${quoted(tape, tape.pick(words.patterns))})`;
    default:
      return `Exists(${at})`;
  }
}

function match(tape: Tape, depth = 3, places = words.places): string {
  switch (depth === 0 ? 0 : tape.below(9)) {
    case 4:
      return `!${match(tape, 0, places)}`;
    case 5:
      return `!(${match(tape, depth - 1, places)})`;
    case 6:
      return `${match(tape, depth - 1, places)} && ${match(tape, depth - 1, places)}`;
    case 7:
      return `(${match(tape, depth - 1, places)} || ${match(tape, depth - 1, places)})`;
    case 8:
      return `${match(tape, depth - 1, places)} || ${match(tape, depth - 1, places)}&&${match(tape, 0, places)}`;
    default:
      return call(tape, places);
  }
}

/** `places` are the paths to speak of: all, or those that matter to what a caller sees. */
export function rules(first: Tape, each: readonly Tape[], places = words.places): CaseRules {
  const policies = each.map((tape) => {
    const action = tape.pick(['allow', 'deny'] as const);
    return { match: match(tape, 3, places), action, ...(tape.rarely(6) ? { name: 'a rule' } : {}) };
  });
  const defaultAction = first.pick(['deny', 'allow', undefined] as const);
  const listDefaultAction = first.pick(['callable', undefined, 'callable', 'show', 'hide'] as const);
  const listPolicies = first.rarely(4)
    ? first.several(1, 2, () => ({ match: match(first, 1), action: first.pick(['show', 'hide'] as const) }))
    : undefined;
  return { policies, defaultAction, listPolicies, listDefaultAction };
}

/** The JSON text of an object that has most of the places, some with values that do not belong there. */
function objectText(tape: Tape, from: readonly { key: string; usual: readonly [string, ...string[]] }[]): string {
  const members = new Map<string, string>();
  const wanted = tape.several(0, 6, () => tape.pick(from));
  for (const place of tape.rarely(3) ? wanted : from) {
    if (place === undefined || tape.rarely(8)) continue;
    members.set(place.key, tape.rarely(6) ? tape.pick(words.nasty) : tape.pick(place.usual));
  }
  return `{${[...members].map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`;
}

const oneOf = (tape: Tape, texts: readonly string[]): string =>
  tape.rarely(8) ? tape.pick(words.nasty) : JSON.stringify(tape.pick(texts));

function paramsText(tape: Tape, method: string): string {
  const members = [];
  const odd = tape.rarely(10);
  if (/^(tools|prompts)\//.test(method) !== odd) members.push(`"name":${oneOf(tape, words.names)}`);
  if (method.startsWith('resources/') !== odd) members.push(`"uri":${oneOf(tape, words.uris)}`);
  if (!tape.rarely(8)) members.push(`"arguments":${objectText(tape, words.argumentPlaces)}`);
  if (tape.rarely(3)) members.push(`"_meta":${tape.pick(['{"k":"a"}', '{"k":5}', '{}', '"k"'])}`);
  if (method === 'completion/complete') {
    const prompt = `{"type":"ref/prompt","name":${oneOf(tape, words.names)}}`;
    const resource = `{"type":"ref/resource","uri":${oneOf(tape, [...words.uris, ...words.templates])}}`;
    members.push(
      `"ref":${tape.pick([prompt, resource, prompt, resource, '{"type":"ref/prompt"}', '{"type":"ref/x"}', '[]'])}`,
    );
  }
  if (method === 'subscriptions/listen' && !tape.rarely(8)) {
    const subscribed = tape.several(0, 3, () => oneOf(tape, words.uris));
    const list = tape.rarely(8) ? tape.pick(words.nasty) : `[${subscribed.join(',')}]`;
    const notices = tape.rarely(3) ? ['"toolsListChanged":true'] : [];
    if (!tape.rarely(3)) notices.push(`"resourceSubscriptions":${list}`);
    if (tape.rarely(6)) notices.push('"other":1');
    members.push(`"notifications":${tape.rarely(8) ? tape.pick(words.nasty) : `{${notices.join(',')}}`}`);
  }
  if (tape.rarely(8) && method === 'tasks/get') members.push('"taskId":"a"');
  return `{${members.join(',')}}`;
}

export function request(tape: Tape): CaseRequest {
  const kind = tape.pick(words.kinds);
  const method = tape.pick(words.methods);
  const members = [`"jsonrpc":${tape.rarely(9) ? tape.pick(words.nasty) : '"2.0"'}`];
  if (kind !== 'notification' && !tape.rarely(9)) members.push(`"id":${tape.rarely(4) ? tape.pick(words.nasty) : 1}`);
  if (kind === 'response') members.push('"result":{}');
  else if (!tape.rarely(30)) {
    members.push(`"method":${tape.rarely(30) ? tape.pick(words.nasty) : JSON.stringify(method)}`);
    const params = tape.rarely(15) ? tape.pick(words.nasty) : paramsText(tape, method);
    if (!tape.rarely(12)) members.push(`"params":${params}`);
  }
  const headers: Record<string, string | string[]> = {};
  for (const { key, usual } of words.headerPlaces) {
    if (!tape.rarely(3)) headers[key] = JSON.parse(tape.pick(usual)) as string | string[];
  }
  const hints = () => objectText(tape, words.hintPlaces);
  return {
    kind,
    message: kind === 'stream' || kind === 'end-session' ? '{}' : `{${members.join(',')}}`,
    jwt: tape.rarely(8) ? null : objectText(tape, words.claimPlaces),
    http: { method: tape.pick(['POST', 'GET']), host: 'mcp.localhost', path: tape.pick(['/mcp', '/']), headers },
    ip: tape.rarely(4) ? null : tape.pick(['192.0.2.1', '5']),
    protocolVersion: tape.rarely(4) ? null : tape.pick(['2025-11-25', '5']),
    annotations: tape.rarely(2) ? `{"read":${hints()},"write":${hints()},"__proto__":${hints()}}` : '{}',
  };
}

export function item(tape: Tape): CaseItem {
  const kind = tape.pick(['tools', 'resources', 'resourceTemplates', 'prompts'] as const);
  const named = { tools: words.names, prompts: words.names, resources: words.uris, resourceTemplates: words.templates };
  const member = { tools: 'name', prompts: 'name', resources: 'uri', resourceTemplates: 'uriTemplate' }[kind];
  const members = tape.rarely(20) ? [] : [`"${member}":${oneOf(tape, named[kind])}`];
  if (tape.rarely(3))
    members.push(`"annotations":${tape.rarely(6) ? tape.pick(words.nasty) : objectText(tape, words.hintPlaces)}`);
  return { kind, item: `{${members.join(',')}}` };
}

const tokens = [
  '`mcp.method`',
  "'mcp.params.name'",
  '"jwt.a"',
  '`a`',
  '5',
  '007',
  '1e10000',
  '-1',
  '+1',
  '.5',
  '(',
  ')',
  '(',
  ')',
  ',',
  ',',
  '!',
  '&&',
  '||',
];
tokens.push(
  '&',
  '|',
  ' ',
  '\n',
  '\u00a0',
  'Equals',
  'equals',
  'Exists',
  'OneOf',
  'Matches',
  'SplitContains',
  'Lok',
  'Equals(',
  "Exists('jwt.a')",
);
tokens.push(
  "'${jwt.a}'",
  "'${jwt.a'",
  "'$${x}'",
  "'$$${jwt.a}'",
  "'${}'",
  "'${mcp}'",
  "'${ jwt.a}'",
  "'a'",
  "'\\u0061'",
  "'\\u006'",
  "'\\q'",
  "''",
  '``',
);
tokens.push(
  "'\\ud800'",
  "'\\ud83d\\ude00'",
  '"\n"',
  '`\n`',
  "'(?=a)'",
  "'['",
  "'\\\\1'",
  "'mcp.metod'",
  "'jwt'",
  "'jwt.*'",
  "'jwt.a*'",
  "'jwt..a'",
  "'jwt.a\\\\.b'",
);
tokens.push(
  "'jwt.a\\\\b'",
  "'http.headers.X-A'",
  "'http.headers.x-a'",
  "'http.headers.a.b'",
  "'tool.annotations.a.b'",
  "'client.ip.x'",
  "'mcp.params'",
  "'mcp.params.'",
  "'é'",
  '\\',
  "'",
  '`',
  '"',
  '',
  '\ufeff',
  '\r',
  '0',
  '-0',
  '1.',
  'mcp.method',
);

/** A text that is nearly an expression. */
export function soup(tape: Tape): string {
  const [first = '', ...rest] = tokens;
  const token = () => tape.pick([first, ...rest]);
  if (tape.rarely(3)) return tape.several(0, 12, token).join('');
  const text = tape.rarely(2)
    ? match(tape, 2)
    : `${tape.pick(['Equals', 'OneOf', 'SplitContains', 'Matches', 'Lt', 'Exists'])}(${token()},${token()}${tape.rarely(2) ? `,${token()}` : ''})`;
  const at = tape.below(text.length + 1);
  switch (tape.below(4)) {
    case 1:
      return text.slice(0, at) + token() + text.slice(at);
    case 2:
      return text.slice(0, at) + text.slice(at + 1);
    case 3:
      return text.slice(0, at) + token() + text.slice(at + 1 + tape.below(6));
    default:
      return text;
  }
}
