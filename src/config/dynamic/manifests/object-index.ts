import { type Diagnostic, nearest } from '../../../errors.ts';
import { decode, valueAt } from '../../decode.ts';
import { diagnose, type Problem } from '../../diagnose.ts';
import { isPlainObject } from '../../source/plain-value.ts';
import type { KeyPath, Origin } from '../model.ts';
import { metadata } from '../schema/manifest.ts';
import { type ObjectKind, objectKinds } from '../schema/object-kinds.ts';
import { foreignKind } from './foreign-kinds.ts';

/** A Kubernetes object as decoded from YAML or JSON, and where it came from. The origin's paths begin at the object. */
export interface SourceObject {
  readonly value: unknown;
  readonly origin: Origin;
}

/** An object of a kind that is understood, with a name. Its own fields are still to be decoded. */
export interface IndexedObject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: Readonly<Record<string, unknown>>;
  readonly origin: Origin;
  /** It is only guessed to be of this kind, or it is written twice: then it is broken. */
  readonly faults: readonly Diagnostic[];
}

export interface ObjectIndex {
  /** In the order in which they were written. */
  all(kind: string): readonly IndexedObject[];
  get(kind: string, namespace: string, name: string): IndexedObject | undefined;
  /** Names of a kind in a namespace, for suggestions. */
  names(kind: string, namespace: string): readonly string[];
  readonly problems: readonly Diagnostic[];
}

/** Sorts objects by kind, namespace and name. Objects of kinds that are none of ours are left out, with a word on it. */
export function indexObjects(objects: readonly SourceObject[]): ObjectIndex {
  const kinds = new Map<string, Map<string, IndexedObject>>();
  const problems: Diagnostic[] = [];

  for (const { value, origin } of objects) {
    const found = identify(value, origin);
    if ('problems' in found) {
      problems.push(...found.problems);
      continue;
    }
    const { object } = found;
    const known = kinds.get(object.kind) ?? new Map<string, IndexedObject>();
    kinds.set(object.kind, known);
    const id = `${object.namespace}/${object.name === '' ? `#${known.size}` : object.name}`;
    const before = known.get(id);
    if (before === undefined) {
      known.set(id, object);
      continue;
    }
    const conflict = duplicate(object, before);
    known.set(id, { ...before, faults: [...before.faults, conflict] });
    // The rules of both are closed, which may be different ones.
    if (object.kind === 'IngressRoute') known.set(`${id} ${known.size}`, { ...object, faults: [conflict] });
    problems.push(conflict);
  }

  return {
    all: (kind) => [...(kinds.get(kind)?.values() ?? [])],
    get: (kind, namespace, name) => kinds.get(kind)?.get(`${namespace}/${name}`),
    names: (kind, namespace) =>
      [...(kinds.get(kind)?.values() ?? [])].filter((object) => object.namespace === namespace).map(({ name }) => name),
    problems,
  };
}

function duplicate(object: IndexedObject, before: IndexedObject): Diagnostic {
  const first = before.origin.locate(['metadata', 'name']);
  return diagnose(object.origin, ['metadata', 'name'], {
    code: 'CONFIG_DUPLICATE',
    severity: 'error',
    message: `${object.kind} ${object.namespace}/${object.name} is written twice, so neither is used`,
    hint:
      first === undefined ? 'remove one of them' : `the other is at ${first.file}:${first.line}; remove one of them`,
  });
}

type Identified = { readonly object: IndexedObject } | { readonly problems: readonly Diagnostic[] };

function identify(value: unknown, source: Origin): Identified {
  const at = (path: KeyPath, problem: Problem): Diagnostic => diagnose(source, path, problem);
  if (!isPlainObject(value)) {
    return {
      problems: [at([], { code: 'CONFIG_INVALID_VALUE', severity: 'error', message: 'a manifest must be a mapping' })],
    };
  }
  const { apiVersion, kind } = value;
  for (const [key, field] of Object.entries({ apiVersion, kind })) {
    if (typeof field !== 'string' || field === '') {
      const message = `a manifest needs \`${key}\`, as text`;
      return { problems: [at([key], { code: 'CONFIG_MISSING_KEY', severity: 'error', message })] };
    }
  }
  const known = objectKinds.find((candidate) => candidate.kind === kind);
  if (known?.apiVersions.includes(String(apiVersion)) === true) return { object: objectOf(known, value, source) };
  const { path, meant, ...problem } =
    known === undefined ? unknownKind(String(apiVersion), String(kind)) : otherVersion(String(apiVersion), known);
  const diagnostic = at(path, problem);
  // What was probably meant for one of ours stands as a broken one, so that its routes are closed and not just absent.
  return meant === undefined ? { problems: [diagnostic] } : { object: objectOf(meant, value, source, [diagnostic]) };
}

function objectOf(
  { kind }: ObjectKind,
  value: Readonly<Record<string, unknown>>,
  source: Origin,
  faults: readonly Diagnostic[] = [],
): IndexedObject {
  // What is wrong with metadata is said when the whole object is decoded.
  const decoded = decode(metadata, value['metadata'], source, ['metadata']);
  const written = (key: string): string | undefined => {
    const text = valueAt(value, ['metadata', key]);
    return typeof text === 'string' ? text : undefined;
  };
  const { name, namespace, labels, annotations } = decoded.ok
    ? decoded.value
    : { name: written('name') ?? '', namespace: written('namespace') ?? 'default', labels: {}, annotations: {} };
  return {
    kind,
    name,
    namespace,
    labels: labels ?? {},
    annotations: annotations ?? {},
    value,
    origin: {
      provider: source.provider,
      label: `${kind} ${namespace}/${name}`,
      locate: (path, options) => source.locate(path, options),
      line: (position) => source.line(position),
    },
    faults,
  };
}

/** A kind that is not one of ours, and which of ours was probably meant. */
type KindProblem = Problem & { readonly path: KeyPath; readonly meant?: ObjectKind | undefined };

function otherVersion(apiVersion: string, known: ObjectKind): KindProblem {
  const group = apiVersion.split('/')[0] ?? '';
  const ours = known.apiVersions[0];
  // Knative's Service and Istio's Gateway are other things that happen to have our words for names.
  if (!known.custom && group.includes('.') && !ours.startsWith(group)) {
    return {
      code: 'CONFIG_UNKNOWN_KIND',
      severity: 'info',
      path: ['kind'],
      message: `objects of kind ${known.kind} in ${apiVersion} are not used`,
    };
  }
  return {
    code: 'CONFIG_UNKNOWN_KIND',
    severity: 'error',
    path: ['apiVersion'],
    message: `the kind ${known.kind} is not known in apiVersion \`${apiVersion}\``,
    hint: `write \`apiVersion: ${ours}\``,
    meant: known,
  };
}

function unknownKind(apiVersion: string, kind: string): KindProblem {
  const foreign = foreignKind(apiVersion, kind);
  if (foreign !== undefined) return { code: 'CONFIG_UNSUPPORTED', path: ['kind'], ...foreign };
  const near = nearest(
    kind,
    objectKinds.map((known) => known.kind),
  );
  const candidate = objectKinds.find((known) => known.kind === near);
  const ours = /^(?:traefik\.(?:io|containo\.us)|hub\.traefik\.io)\//.test(apiVersion);
  if (ours || candidate?.apiVersions.includes(apiVersion) === true) {
    const hint =
      near === undefined
        ? `kinds that are known: ${objectKinds.map((known) => known.kind).join(', ')}`
        : `did you mean \`${near}\`?`;
    if (ours || near !== undefined) {
      return {
        code: 'CONFIG_UNKNOWN_KIND',
        severity: 'error',
        path: ['kind'],
        message: `the kind \`${kind}\` is not known`,
        hint,
        meant: candidate,
      };
    }
  }
  return {
    code: 'CONFIG_UNKNOWN_KIND',
    severity: 'info',
    path: ['kind'],
    message: `objects of kind ${kind} are not used`,
  };
}
