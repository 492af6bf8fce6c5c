import { isArray, isObject, type ObjectValue, type Value } from '../../expression/index.ts';
import type { PolicyRequest } from '../facts.ts';

/** A value and the names of the path it stands at. */
export interface PathValue {
  readonly names: readonly string[];
  readonly value: Value;
}

export interface RequestParts {
  readonly kind?: PolicyRequest['kind'];
  readonly values: readonly PathValue[];
}

/** Builds the request in which the given values stand at their paths and nothing else is there. Shorter paths come first. */
export function requestFrom({ kind = 'request', values }: RequestParts): PolicyRequest {
  let mcp: ObjectValue = new Map();
  let jwt: ObjectValue | undefined;
  let annotations: ObjectValue | undefined;
  let protocolVersion: string | undefined;
  let ip: string | undefined;
  const http = { method: 'POST', host: '', path: '' };
  const headers = new Map<string, Value>();
  for (const { names, value } of [...values].sort((a, b) => a.names.length - b.names.length)) {
    const [root, ...below] = names;
    const [field = ''] = below;
    if (root === 'jwt') jwt = place(jwt ?? new Map(), below, value);
    else if (root === 'tool') annotations = place(annotations ?? new Map(), below.slice(1), value);
    else if (root === 'client') ip = typeof value === 'string' ? value : undefined;
    else if (root === 'http' && field === 'headers') headers.set(below[1] ?? '', value);
    else if (root === 'http') Object.assign(http, { [field]: typeof value === 'string' ? value : '' });
    else if (field === 'protocolVersion') protocolVersion = typeof value === 'string' ? value : undefined;
    else mcp = place(mcp, below, value);
  }
  return {
    kind,
    mcp,
    jwt,
    http: { ...http, header: (name) => headerValues(headers.get(name)) },
    client: { ip },
    protocolVersion,
    route: 'analysis',
    ...(annotations === undefined ? {} : { toolAnnotations: () => annotations }),
  };
}

function headerValues(value: Value | undefined): string | readonly string[] | undefined {
  if (isArray(value)) return value.map(String);
  return typeof value === 'string' ? value : undefined;
}

/** The object with a value at a path; arrays on the way are kept when the name is an index into them. */
function place(object: ObjectValue, names: readonly string[], value: Value): ObjectValue {
  const [first = '', ...rest] = names;
  const copy = new Map(object);
  if (rest.length === 0) {
    copy.set(first, value);
    return copy;
  }
  const inner = copy.get(first);
  if (isArray(inner)) {
    const [index = '', ...deeper] = rest;
    const elements = [...inner];
    const element = elements[Number(index)];
    elements[Number(index)] =
      deeper.length === 0 ? value : place(isObject(element) ? element : new Map(), deeper, value);
    copy.set(
      first,
      Array.from(elements, (each) => each ?? null),
    );
  } else {
    copy.set(first, place(isObject(inner) ? inner : new Map(), rest, value));
  }
  return copy;
}
