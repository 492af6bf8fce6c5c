import type { Path } from '../path.ts';
import { type ItemKind, itemShapes } from '../visibility.ts';
import { keyOf } from './atom.ts';
import { type Cell, OPEN, type Pinned, plausible } from './cells.ts';
import { requestFrom } from './request-from.ts';

/** What the caller of a listed item chooses. */
export function isFree({ names: [root, field, name] }: Path, list: ItemKind): boolean {
  if (root !== 'mcp') return false;
  if (field === 'id') return true;
  if (field !== 'params' || name === undefined) return false;
  return name !== itemShapes[list].parameter || list === 'resourceTemplates';
}

/** The URI of a resource template: a text of which the beginning is known. */
export function isStart({ names }: Path, list: ItemKind): boolean {
  return list === 'resourceTemplates' && names[0] === 'mcp' && names[1] === 'params' && names[2] === 'uri';
}

/** The list answer and the calls that it stands for, as two views of one cell. */
export function listCell(list: ItemKind, item: string | undefined, named: ReadonlySet<string>): Cell {
  const { listMethod, callMethod, parameter } = itemShapes[list];
  const itemKey = keyOf({ names: ['mcp', 'params', parameter] });
  const pin =
    (method: string) =>
    (path: Path): Pinned => {
      if (method === callMethod && isFree(path, list)) return OPEN;
      const [root, field, name] = path.names;
      if (root === 'http' && field === 'method') return 'POST';
      if (root === 'tool') return list === 'tools' ? OPEN : undefined;
      if (root !== 'mcp' || field === 'protocolVersion') return OPEN;
      if (field === 'method') return method;
      if (field === 'jsonrpc') return '2.0';
      if (field === 'id') return undefined;
      if (name === undefined) return new Map([[parameter, item ?? '']]);
      if (name !== parameter || path.names.length > 3) return undefined;
      return item ?? OPEN;
    };
  const textual = new Set([
    itemKey,
    ...[
      ['http', 'host'],
      ['http', 'path'],
      ['client', 'ip'],
      ['mcp', 'protocolVersion'],
    ].map((names) => keyOf({ names })),
  ]);
  return {
    kind: 'request',
    method: listMethod,
    item: { key: parameter, value: item },
    views: [
      { pin: pin(listMethod), lifecycle: false, onlyRules: false },
      { pin: pin(callMethod), lifecycle: false, onlyRules: false },
    ],
    limits: (pathKey) =>
      textual.has(pathKey) ? { text: true, ...(pathKey === itemKey ? { excluded: named } : {}) } : {},
    always: (pathKey) =>
      pathKey === itemKey ||
      pathKey === keyOf({ names: ['http', 'host'] }) ||
      pathKey === keyOf({ names: ['http', 'path'] }),
    request: (values) => {
      const isNamed = values.some((one) => keyOf(one) === itemKey);
      const own = {
        names: ['mcp', 'params', parameter],
        value: item ?? (parameter === 'name' ? 'another' : 'another://resource'),
      };
      return plausible(requestFrom({ values: isNamed ? values : [own, ...values] }), 'POST');
    },
  };
}
