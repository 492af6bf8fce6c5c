/** The paths and values that random policies and random requests share, so that one often speaks of the other. */

/** Values as JSON text that have broken policy engines before. */
export const nasty: readonly [string, ...string[]] = [
  '5',
  '"5"',
  '5.0',
  '"5.0"',
  '50e-1',
  '-0',
  '0',
  '"-0"',
  '9007199254740993',
  '9007199254740992',
  '9007199254740991',
  '"9007199254740993"',
  '1e400',
  '10e399',
  '"1e400"',
  '-1e400',
  '1e-400',
  '1e99999999999999999999',
  '0.1',
  '0.10000000000000001',
  '"1e9999"',
  '"1e10000"',
  '"+5"',
  '"05"',
  '" 5"',
  '"0x5"',
  '""',
  '" "',
  'null',
  '"null"',
  'true',
  '"true"',
  'false',
  '"caf\\u00e9"',
  '"cafe\\u0301"',
  '"K"',
  '"\\u212a"',
  '"__proto__"',
  '"constructor"',
  '"\\ud83d\\ude00"',
  '"\\u0000"',
  '"${jwt.role}"',
  '"$${"',
  '"a,b"',
  '" a ,b, ,5"',
  '"\\u00a0a\\ufeff,\\u200bb"',
  '"*"',
  '"a.b"',
  '"a\\\\b"',
  '"line\\nbreak"',
  '[]',
  '{}',
  '[[]]',
  '["5"]',
  '[5.0]',
  '[null,true,{},"a"]',
  '["admin","staff"]',
  '{"admin":true}',
  '{"length":1,"0":"a"}',
];

export interface Place {
  /** As it stands in a policy, raw. */
  readonly path: string;
  /** What is usually there, as JSON texts. */
  readonly usual: readonly [string, ...string[]];
}

export const methods: readonly [string, ...string[]] = [
  'tools/call',
  'tools/call',
  'tools/call',
  'tools/call',
  'prompts/get',
  'resources/read',
  'resources/read',
  'resources/subscribe',
  'completion/complete',
  'subscriptions/listen',
  'tools/list',
  'resources/list',
  'initialize',
  'ping',
  'server/discover',
  'notifications/initialized',
  'notifications/cancelled',
  'notifications/progress',
  'notifications/roots/list_changed',
  'tasks/get',
  'logging/setLevel',
  'toString',
];
export const names = ['read', 'read_all', 'write', 'a', 'r5', '__proto__', '5', ''] as const;
export const uris = ['db://a/x', 'db://a/', 'db://b', 'file:///t', 'a', '5'] as const;
export const templates = ['db://a/{x}', 'db://{+y}', '{z}', 'db://b', 'db://a/ é{x}', '1{x}', 'db://a/%41{x}'] as const;
export const kinds = [
  'request',
  'request',
  'request',
  'request',
  'notification',
  'response',
  'stream',
  'end-session',
] as const;

/** Arguments of calls: the name in JSON, the name in a path, usual values. */
export const argumentPlaces = [
  { key: 'amount', path: 'amount', usual: ['100', '99', '1000', '"100"', '1e2', '"1000"'] },
  { key: 'mode', path: 'mode', usual: ['"readonly"', '"write"', '"read"'] },
  { key: 'force', path: 'force', usual: ['true', 'false', '"true"'] },
  { key: 'tags', path: 'tags', usual: ['["a","b"]', '"a,b"', '[]', '["5",5]'] },
  { key: 'paths', path: 'paths.0', usual: ['["/tmp/a","/etc"]', '["/tmp"]', '[]', '{"0":"/tmp/a"}'] },
  { key: 'a.b', path: 'a\\.b', usual: ['"a"', '"dotted"'] },
  { key: 'c\\d', path: 'c\\\\d', usual: ['"a"'] },
  { key: '__proto__', path: '__proto__', usual: ['"a"', '{"x":"a"}'] },
  { key: 'deep', path: 'deep.x.y', usual: ['{"x":{"y":"a"}}', '{"x":[]}', '{"x":null}'] },
  { key: 'list', path: 'list.01', usual: ['["a","b"]'] },
  { key: 'n', path: 'n', usual: ['null', '"null"', '1'] },
  { key: 'é', path: 'é', usual: ['"caf\\u00e9"'] },
] as const;

export const claimPlaces = [
  { key: 'role', path: 'role', usual: ['"admin"', '"guest"', '"staff"'] },
  { key: 'groups', path: 'groups', usual: ['["admin","staff"]', '["staff"]', '"admin"', '[]'] },
  { key: 'level', path: 'level', usual: ['5', '"5"', '4', '6.0'] },
  { key: 'limit', path: 'limit', usual: ['100', '"100"', '1e2', '50'] },
  { key: 'tenant', path: 'tenant', usual: ['"a"', '"b"', '5'] },
  { key: 'root', path: 'root', usual: ['"db://a/"', '""', '"/tmp"', '"re"'] },
  { key: 'scope', path: 'scope', usual: ['"read write"', '"read"', '""'] },
  { key: 'https://x.y/roles', path: 'https://x\\.y/roles', usual: ['["admin"]', '"admin"'] },
  { key: 'tools', path: 'tools', usual: ['["read","r5"]', '["write"]', '[]'] },
  { key: 'groups', path: 'groups.0', usual: ['["admin","staff"]'] },
  { key: 'act', path: 'act.sub', usual: ['{"sub":"a"}', '{}'] },
] as const;

export const headerPlaces = [
  { key: 'x-env', path: 'x-env', usual: ['"prod"', '"dev"', '["prod","dev"]', '[]', '["prod"]'] },
  { key: 'x-level', path: 'x-level', usual: ['"5"', '"05"'] },
] as const;

export const hintPlaces = [
  { key: 'readOnlyHint', path: 'readOnlyHint', usual: ['true', 'false'] },
  { key: 'title', path: 'title', usual: ['"read"', '5'] },
] as const;

const quote = (texts: readonly string[]) => texts.map((text) => JSON.stringify(text)) as [string, ...string[]];
const below = (root: string, places: readonly { path: string; usual: readonly [string, ...string[]] }[]): Place[] =>
  places.map(({ path, usual }) => ({ path: `${root}.${path}`, usual }));

export const places: readonly Place[] = [
  { path: 'mcp.method', usual: quote(methods) },
  { path: 'mcp.params.name', usual: quote(names) },
  { path: 'mcp.params.name', usual: quote(names) },
  { path: 'mcp.params.uri', usual: quote(uris) },
  { path: 'mcp.params.uri', usual: quote(uris) },
  ...below('mcp.params.arguments', argumentPlaces),
  ...below('jwt', claimPlaces),
  ...below('jwt', claimPlaces),
  ...below('http.headers', headerPlaces),
  ...below('tool.annotations', hintPlaces),
  { path: 'mcp.id', usual: ['1', '"1"', '"a"'] },
  { path: 'mcp.jsonrpc', usual: ['"2.0"', '2.0'] },
  { path: 'mcp.protocolVersion', usual: ['"2025-11-25"', '"5"'] },
  { path: 'mcp.params', usual: ['{}'] },
  { path: 'mcp.params.arguments', usual: ['{}'] },
  { path: 'mcp.params._meta.k', usual: ['"a"', '5'] },
  { path: 'mcp.params.ref.type', usual: ['"ref/prompt"'] },
  { path: 'mcp.params.name.x', usual: ['"a"'] },
  { path: 'http.method', usual: ['"POST"', '"GET"'] },
  { path: 'http.host', usual: ['"mcp.localhost"'] },
  { path: 'http.path', usual: ['"/mcp"', '"/"'] },
  { path: 'client.ip', usual: ['"192.0.2.1"', '"5"'] },
];

/** What visibility turns on: the item, what the caller is free to say in its call, and a few fixed facts. */
export const itemPlaces: readonly Place[] = [
  ...Array.from({ length: 3 }, (): Place[] => [
    { path: 'mcp.params.name', usual: ['"read"', '"a"', '"r5"', '"5"', '"write"', '5', '5.0'] },
    { path: 'mcp.params.uri', usual: ['"db://a/x"', '"db://a/"', '"db://b"', '"db://a/,db://b"', '"5"', '"a"'] },
    { path: 'mcp.params.arguments.x', usual: ['"read"', '5', '"db://a/"', '["read",5]', '"a"'] },
  ]).flat(),
  { path: 'mcp.params.arguments.y', usual: ['"a"', '"r5"', '5'] },
  { path: 'mcp.method', usual: ['"tools/call"', '"resources/read"', '"prompts/get"'] },
  { path: 'mcp.params._meta.k', usual: ['"a"', '5'] },
  { path: 'mcp.id', usual: ['1', '"a"'] },
  { path: 'mcp.params', usual: ['{}'] },
  ...below('jwt', claimPlaces.slice(1, 9)),
  ...below('jwt', [claimPlaces[1], claimPlaces[4], claimPlaces[8]]),
  ...below('tool.annotations', hintPlaces),
];

export const patterns = [
  '^read',
  'a',
  '^$',
  'x$',
  '[0-9]+',
  '(?i)ADMIN',
  '^db://a/',
  '.',
  '^(?:a|b)$',
  'é',
  '(?s)^.*$',
  'l$',
  '\\bread\\b',
  '$',
] as const;
