import type { ObjectValue, Value } from '../../expression/index.ts';
import type { PolicyRequest } from '../facts.ts';
import type { Path } from '../path.ts';
import { lifecycleMethods } from '../view.ts';
import { type Atom, keyOf } from './atom.ts';
import type { PathLimits } from './path-values.ts';
import { type PathValue, requestFrom } from './request-from.ts';

/** A value that is settled (undefined: nothing is there), or {@link OPEN}. */
export type Pinned = Value | undefined | typeof OPEN;
export const OPEN: unique symbol = Symbol('any value');

/** One reading of the messages of a cell, as `view.ts` makes them: what is known of it and what is left open. */
export interface CellView {
  pin(path: Path): Pinned;
  /** A mark for paths at which this view sees something other than the other views of the cell. */
  mark?(path: Path): string;
  readonly lifecycle: boolean;
  /** Only a rule refuses this view; see `view.ts`. */
  readonly onlyRules: boolean;
}

/** A set of messages that are examined together: a method, and an item or all other items. Together the cells cover all. */
export interface Cell {
  readonly kind: PolicyRequest['kind'];
  /** Undefined: any other method, or none. */
  readonly method: string | undefined;
  readonly item: CellItem | undefined;
  readonly views: readonly CellView[];
  /** What is known of a path that is open. */
  limits(pathKey: string): PathLimits;
  /** Paths at which there is always something. */
  always(pathKey: string): boolean;
  /** Makes the request that a person would send from the values at open paths. */
  request(values: readonly PathValue[]): PolicyRequest;
}

export interface CellItem {
  readonly key: 'name' | 'uri';
  /** Undefined: any item that is not named in the policies. */
  readonly value: string | undefined;
}

/** What is known of the caller: claims by their path, `undefined` for none. */
export interface KnownCaller {
  pin(path: Path): Pinned;
}

const anyCaller: KnownCaller = { pin: () => OPEN };

/** A caller of whom all claims are known. */
export function callerWith(claims: ObjectValue | undefined): KnownCaller {
  const request = requestFrom({ values: [] });
  return {
    pin: (path) => (path.names[0] === 'jwt' ? readClaims({ ...request, jwt: claims }, path) : OPEN),
  };
}

function readClaims(request: PolicyRequest, path: Path): Value | undefined {
  let value: Value | undefined = request.jwt;
  for (const name of path.names.slice(1)) {
    if (value instanceof Map) value = (value as ObjectValue).get(name);
    else if (Array.isArray(value) && /^(?:0|[1-9][0-9]*)$/.test(name))
      value = (value as readonly Value[])[Number(name)];
    else return undefined;
  }
  return value;
}

const namedMethods: ReadonlyMap<string, 'name' | 'uri'> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['resources/subscribe', 'uri'],
]);

/** Methods of the protocol: a prefix or pattern over methods has to be looked at on these. */
const protocolMethods: readonly string[] = [
  'tools/call',
  'prompts/get',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'completion/complete',
  'subscriptions/listen',
  'logging/setLevel',
  'tasks/get',
  'tasks/list',
  'tasks/result',
  'tasks/update',
  'tasks/cancel',
  ...lifecycleMethods,
];

const methodKey = keyOf({ names: ['mcp', 'method'] });
const nameKey = keyOf({ names: ['mcp', 'params', 'name'] });
const uriKey = keyOf({ names: ['mcp', 'params', 'uri'] });
const alwaysThere: ReadonlySet<string> = new Set(['host', 'path'].map((name) => keyOf({ names: ['http', name] })));

/** Paths that hold a text or nothing. */
const textual: ReadonlySet<string> = new Set([
  ...alwaysThere,
  ...[
    ['client', 'ip'],
    ['mcp', 'protocolVersion'],
  ].map((names) => keyOf({ names })),
]);

/** Texts that policies compare a path with for equality. */
export function textsComparedWith(atoms: readonly Atom[], pathKey: string): string[] {
  const texts = new Set<string>();
  for (const { pathKey: own, condition } of atoms) {
    if (own !== pathKey || (condition.function.name !== 'Equals' && condition.function.name !== 'OneOf')) continue;
    for (const operand of condition.operands) {
      if (operand.kind === 'literal' && typeof operand.value === 'string') texts.add(operand.value);
    }
  }
  return [...texts];
}

export interface CellOptions {
  readonly caller?: KnownCaller;
  /** Names to look at besides those in the policies. */
  readonly names?: readonly string[];
  readonly uris?: readonly string[];
}

/** Cuts all messages into cells along the methods, names and URIs that the policies name. */
export function cellsOf(atoms: readonly Atom[], options: CellOptions = {}): Cell[] {
  const caller = options.caller ?? anyCaller;
  const methods = new Set([...protocolMethods, ...textsComparedWith(atoms, methodKey)]);
  const items = {
    name: new Set([...textsComparedWith(atoms, nameKey), ...(options.names ?? [])]),
    uri: new Set([...textsComparedWith(atoms, uriKey), ...(options.uris ?? [])]),
  };
  const cells: Cell[] = [];
  for (const method of methods) {
    const key = namedMethods.get(method);
    if (method === 'completion/complete') {
      for (const each of ['name', 'uri'] as const) {
        for (const value of [...items[each], undefined])
          cells.push(completionCell({ key: each, value }, items, caller));
      }
    } else if (method === 'subscriptions/listen') {
      for (const lifecycle of [true, false]) cells.push(messageCell({ method, caller, methods, lifecycle }));
    } else if (key === undefined) {
      cells.push(messageCell({ method, caller, methods, lifecycle: lifecycleMethods.has(method) }));
    } else {
      for (const value of [...items[key], undefined]) {
        cells.push(messageCell({ method, caller, methods, lifecycle: false, item: { key, value }, items: items[key] }));
      }
    }
  }
  cells.push(messageCell({ method: undefined, caller, methods, lifecycle: false }));
  for (const kind of ['response', 'stream', 'end-session'] as const) cells.push(bareCell(kind, caller));
  return cells;
}

const httpMethods: Readonly<Record<PolicyRequest['kind'], string>> = {
  request: 'POST',
  notification: 'POST',
  response: 'POST',
  stream: 'GET',
  'end-session': 'DELETE',
};

function messageCell(parts: {
  readonly method: string | undefined;
  readonly caller: KnownCaller;
  /** Those that have cells of their own. */
  readonly methods: ReadonlySet<string>;
  readonly lifecycle: boolean;
  readonly item?: CellItem;
  /** Items that have cells of their own. */
  readonly items?: ReadonlySet<string>;
}): Cell {
  const { method, caller, lifecycle, item } = parts;
  const kind = method?.startsWith('notifications/') === true ? 'notification' : 'request';
  const itemKey = item?.key === 'uri' ? uriKey : nameKey;
  const pin = (path: Path): Pinned => {
    const known = caller.pin(path);
    if (known !== OPEN) return known;
    const [root, field, name] = path.names;
    if (root === 'http' && field === 'method') return 'POST';
    if (root === 'tool') return method === 'tools/call' ? OPEN : undefined;
    if (root !== 'mcp') return OPEN;
    if (field === 'jsonrpc') return '2.0';
    if (field === 'method') return method === undefined ? OPEN : method;
    if (item !== undefined && field === 'params' && name === item.key) {
      if (path.names.length > 3) return undefined;
      return item.value === undefined ? OPEN : item.value;
    }
    return OPEN;
  };
  const excludedItems = parts.items ?? new Set();
  return {
    kind,
    method,
    item,
    views: [{ pin, lifecycle, onlyRules: false }],
    limits(pathKey) {
      if (pathKey === methodKey) return { excluded: parts.methods, text: true };
      if (item !== undefined && pathKey === itemKey) return { excluded: excludedItems, text: true };
      return textual.has(pathKey) ? { text: true } : {};
    },
    always: (pathKey) =>
      alwaysThere.has(pathKey) || pathKey === methodKey || (item !== undefined && pathKey === itemKey),
    request: (values) => {
      const named = (names: string[]) => values.some((one) => keyOf(one) === keyOf({ names }));
      const own: PathValue[] = [
        { names: ['mcp', 'jsonrpc'], value: '2.0' },
        { names: ['mcp', 'method'], value: method ?? 'other/method' },
      ];
      if (kind === 'request') own.push({ names: ['mcp', 'id'], value: { text: '1' } });
      if (item !== undefined && !named(['mcp', 'params', item.key])) {
        const value = item.value ?? (item.key === 'name' ? 'another' : 'another://resource');
        own.push({ names: ['mcp', 'params', item.key], value });
      }
      const filter = lifecycle ? new Map([['toolsListChanged', true]]) : new Map([['another', true]]);
      if (method === 'subscriptions/listen') own.push({ names: ['mcp', 'params', 'notifications'], value: filter });
      return plausible(requestFrom({ kind, values: [...own, ...values] }), 'POST');
    },
  };
}

/** A completion is judged as the use of what its reference names, and by the rules about the message itself. */
function completionCell(
  item: CellItem,
  items: Readonly<Record<'name' | 'uri', ReadonlySet<string>>>,
  caller: KnownCaller,
): Cell {
  const used = item.key === 'name' ? 'prompts/get' : 'resources/read';
  const base = messageCell({
    method: 'completion/complete',
    caller,
    methods: new Set(),
    lifecycle: false,
    item,
    items: items[item.key],
  });
  const [own] = base.views;
  const pinOwn = (path: Path): Pinned => own?.pin(path);
  const pinUse = (path: Path): Pinned => {
    const [root, field, name] = path.names;
    if (root === 'mcp' && field === 'method') return used;
    if (root === 'mcp' && field === 'params' && name !== item.key && name !== '_meta') {
      return name === undefined ? OPEN : undefined;
    }
    return pinOwn(path);
  };
  const markUse = ({ names }: Path) => (names.length === 2 && names[1] === 'params' ? 'use' : '');
  return {
    ...base,
    views: [
      { pin: pinUse, mark: markUse, lifecycle: false, onlyRules: false },
      { pin: pinOwn, lifecycle: false, onlyRules: true },
    ],
    request: (values) => {
      const request = base.request(values);
      const params = request.mcp.get('params');
      const own = new Map(params instanceof Map ? (params as ObjectValue) : []);
      const named = own.get(item.key) ?? null;
      own.delete(item.key);
      const type = item.key === 'name' ? 'ref/prompt' : 'ref/resource';
      own.set(
        'ref',
        new Map([
          ['type', type],
          [item.key, named as string],
        ]),
      );
      return { ...request, mcp: new Map([...request.mcp, ['params', own]]) };
    },
  };
}

/** Messages without a method, and the stream and the end of a session. */
function bareCell(kind: PolicyRequest['kind'], caller: KnownCaller): Cell {
  const pin = (path: Path): Pinned => {
    const known = caller.pin(path);
    if (known !== OPEN) return known;
    const [root, field] = path.names;
    if (root === 'http' && field === 'method') return httpMethods[kind];
    if (root === 'tool') return undefined;
    if (root !== 'mcp' || field === 'protocolVersion') return OPEN;
    if (kind !== 'response') return undefined;
    return field === 'jsonrpc' ? '2.0' : field === 'method' ? undefined : OPEN;
  };
  const own: PathValue[] =
    kind === 'response'
      ? [
          { names: ['mcp', 'jsonrpc'], value: '2.0' },
          { names: ['mcp', 'id'], value: { text: '1' } },
          { names: ['mcp', 'result'], value: new Map() },
        ]
      : [];
  return {
    kind,
    method: undefined,
    item: undefined,
    views: [{ pin, lifecycle: true, onlyRules: false }],
    limits: (pathKey) => (textual.has(pathKey) ? { text: true } : {}),
    always: (pathKey) => alwaysThere.has(pathKey),
    request: (values) => plausible(requestFrom({ kind, values: [...own, ...values] }), httpMethods[kind]),
  };
}

export function plausible(request: PolicyRequest, method: string): PolicyRequest {
  const { http } = request;
  return {
    ...request,
    http: {
      method,
      host: http.host || 'mcp.localhost',
      path: http.path || '/mcp',
      header: (name) => http.header(name),
    },
  };
}
