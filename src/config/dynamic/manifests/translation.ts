import type * as z from 'zod';
import { type Diagnostic, nearest } from '../../../errors.ts';
import { type Decoded, decode, valueAt } from '../../decode.ts';
import { diagnose } from '../../diagnose.ts';
import { unsupportedFields } from '../../schema-keys.ts';
import type { ExternalFile, ExternalTexts } from '../external-files.ts';
import type {
  Item,
  KeyPath,
  MiddlewareConfig,
  Origin,
  RouterConfig,
  ServersTransportConfig,
  ServiceConfig,
  TlsCertificateConfig,
  TlsOptionsConfig,
} from '../model.ts';
import { objectKinds } from '../schema/object-kinds.ts';
import { objectProvider } from './names.ts';
import type { IndexedObject, ObjectIndex } from './object-index.ts';

export interface TranslateOptions {
  /** Objects may refer to objects of other namespaces. Default: false. */
  readonly allowCrossNamespace?: boolean;
  /**
   * The objects come from an API server, which has checked its own kinds: fields of those that are unknown here are
   * newer than we are, and a Service without endpoints is an ordinary state. Default: false.
   */
  readonly admitted?: boolean;
  /** Only routes of this class are used. Default: routes without a class, and those for `traefik` or `portcullis`. */
  readonly ingressClass?: string | undefined;
  /** Services may stand for names outside of the cluster. Default: true. */
  readonly allowExternalNameServices?: boolean;
  /** A Service without endpoints is an ordinary state. Default: what `admitted` says. */
  readonly allowEmptyServices?: boolean;
  /** Hears of every object that another one refers to, whether it is there or not. */
  readonly lookedUp?: (kind: string, namespace: string, name: string) => void;
  /** Why an object that could not be had may be there all the same; undefined: it does not exist. */
  readonly withheld?: (kind: string, namespace: string, name: string) => Withheld | undefined;
  /** Files that routing files refer to. Default: none can be had. */
  readonly files?: ReadonlyMap<string, ExternalFile>;
}

/** Why an object could not be had, and what would help. */
export interface Withheld {
  readonly message: string;
  readonly hint: string;
}

/** One translation under way: what there is to translate, and what has come of it. */
export interface Translation {
  readonly objects: ObjectIndex;
  readonly options: TranslateOptions;
  readonly routers: Map<string, Item<RouterConfig>>;
  readonly services: Map<string, Item<ServiceConfig>>;
  readonly middlewares: Map<string, Item<MiddlewareConfig>>;
  readonly serversTransports: Map<string, Item<ServersTransportConfig>>;
  readonly certificates: Map<string, Item<TlsCertificateConfig>>;
  readonly defaultCertificates: Item<TlsCertificateConfig>[];
  readonly tlsOptions: Map<string, Item<TlsOptionsConfig>>;
  readonly problems: Diagnostic[];
  readonly texts: ExternalTexts;
  readonly decoded: Map<IndexedObject, Decoded<unknown>>;
}

/** Where something is referred to from. */
export interface Referrer {
  readonly namespace: string;
  readonly origin: Origin;
  readonly path: KeyPath;
}

/**
 * Decodes an object with the schema of its kind, once. Problems include an object's being written twice; fields that
 * are ignored go to the translation's own problems.
 */
export function decodeObject<Value>(
  translation: Translation,
  object: IndexedObject,
  schema: z.ZodType<Value>,
): Decoded<Value> {
  const before = translation.decoded.get(object);
  if (before !== undefined) return before as Decoded<Value>;
  const result = decodeNow(translation, object, schema);
  translation.decoded.set(object, result);
  return result;
}

const customKinds = new Set(objectKinds.filter(({ custom }) => custom).map(({ kind }) => kind));

function decodeNow<Value>(translation: Translation, object: IndexedObject, schema: z.ZodType<Value>): Decoded<Value> {
  // Of a kind that was only guessed, everything else is guesswork too.
  if (object.faults.some(({ code }) => code === 'CONFIG_UNKNOWN_KIND')) return { ok: false, problems: object.faults };
  const checked = translation.options.admitted === true && !customKinds.has(object.kind);
  const value = checked ? prune(schema, object.value) : object.value;
  const decoded = refuseUnsupported(translation, schema, decode(schema, value, object.origin), { ...object, path: [] });
  if (object.faults.length === 0) return decoded;
  return { ok: false, problems: [...object.faults, ...(decoded.ok ? [] : decoded.problems)] };
}

/** Reports fields that the schema marks as not offered: ignored ones as warnings, refused ones as errors of the object. */
export function refuseUnsupported<Value>(
  translation: Translation,
  schema: z.ZodType<Value>,
  decoded: Decoded<Value>,
  { value, origin, path }: { value: unknown; origin: Origin; path: KeyPath },
): Decoded<Value> {
  const refused: Diagnostic[] = [];
  for (const field of unsupportedFields(schema, value)) {
    const diagnostic = diagnose(
      origin,
      [...path, ...field.path],
      {
        code: 'CONFIG_UNSUPPORTED',
        severity: field.how === 'refused' ? 'error' : 'warning',
        message: `\`${String(field.path.at(-1))}\` is not supported`,
        hint: field.description,
      },
      { key: true },
    );
    (field.how === 'refused' ? refused : translation.problems).push(diagnostic);
  }
  if (refused.length === 0) return decoded;
  return { ok: false, problems: [...refused, ...(decoded.ok ? [] : decoded.problems)] };
}

const pruned = new WeakMap<object, unknown>();

/** Removes what the schema of the object's kind does not know. */
function prune(schema: z.ZodType, value: object): unknown {
  const result = pruned.get(value) ?? pruneNow(schema, value);
  pruned.set(value, result);
  return result;
}

function pruneNow(schema: z.ZodType, value: unknown): unknown {
  const issues = schema.safeParse(value).error?.issues.filter((issue) => issue.code === 'unrecognized_keys') ?? [];
  if (issues.length === 0) return value;
  const copy = structuredClone(value);
  for (const issue of issues) {
    const parent = valueAt(copy, issue.path as KeyPath);
    for (const key of issue.keys)
      if (typeof parent === 'object' && parent !== null) Reflect.deleteProperty(parent, key);
  }
  return copy;
}

/**
 * Adds a router. Of two of one name both are broken, and both stay, because each must close the requests of its own rule.
 */
export function addRouter(routers: Map<string, Item<RouterConfig>>, item: Item<RouterConfig>): void {
  const before = routers.get(item.name);
  if (before === undefined) {
    routers.set(item.name, item);
    return;
  }
  const told = before.problems.some(({ severity }) => severity === 'error');
  const problems = told ? before.problems : [...before.problems, takenName(before, item)];
  routers.set(item.name, { ...before, problems });
  const [plain, provider] = item.name.split('@');
  const name = `${plain}-${routers.size}@${provider}`;
  routers.set(name, { ...item, name, problems: item.problems.length > 0 ? item.problems : problems });
}

function takenName(before: Item<unknown>, item: Item<unknown>): Diagnostic {
  return diagnose(item.origin, item.path, {
    code: 'CONFIG_DUPLICATE',
    severity: 'error',
    message: `this gets the name \`${item.name}\`, which ${before.origin.label} has already`,
    hint: 'rename or remove one of them',
  });
}

/** Adds an item. Two of one name would shadow each other, so both are broken then. */
export function addItem<Config>(items: Map<string, Item<Config>>, item: Item<Config>): void {
  const before = items.get(item.name);
  if (before === undefined) {
    items.set(item.name, item);
    return;
  }
  const problem = takenName(before, item);
  items.set(item.name, { ...before, problems: [...before.problems, problem, ...item.problems] });
}

/** The namespace that a reference means, or why it may not. */
export function referredNamespace(
  translation: Translation,
  referrer: Referrer,
  namespace: string | undefined,
): { readonly namespace: string; readonly problems: readonly Diagnostic[] } {
  if (namespace === undefined || namespace === referrer.namespace || translation.options.allowCrossNamespace === true) {
    return { namespace: namespace ?? referrer.namespace, problems: [] };
  }
  const problem = refer(
    referrer,
    ['namespace'],
    `objects of namespace \`${namespace}\` may not be referred to from \`${referrer.namespace}\``,
    'put the object into the same namespace',
  );
  return { namespace, problems: [problem] };
}

/** Checks a reference to another provider's object, `name@provider`; undefined for ordinary names. */
export function crossProviderReference(
  translation: Translation,
  referrer: Referrer,
  name: string,
  field: KeyPath,
): { readonly name: string; readonly problems: readonly Diagnostic[] } | undefined {
  if (!name.includes('@')) return undefined;
  if (translation.options.allowCrossNamespace !== true && name.endsWith(`@${objectProvider}`)) {
    // Such a name could reach into any namespace.
    const message = `names that end with \`@${objectProvider}\` are not allowed here`;
    return { name, problems: [refer(referrer, field, message, 'write the name of the object alone')] };
  }
  return { name, problems: [] };
}

/** Looks up an object that is referred to by name. */
export function referredObject(
  translation: Translation,
  referrer: Referrer,
  kind: string,
  { namespace, name, field }: { namespace: string; name: string; field: KeyPath },
): { readonly object: IndexedObject } | { readonly problem: Diagnostic } {
  translation.options.lookedUp?.(kind, namespace, name);
  const object = translation.objects.get(kind, namespace, name);
  if (object !== undefined) return { object };
  const withheld = translation.options.withheld?.(kind, namespace, name);
  if (withheld !== undefined) return { problem: refer(referrer, field, withheld.message, withheld.hint) };
  const near = nearest(name, translation.objects.names(kind, namespace));
  const elsewhere = translation.objects.all(kind).find((other) => other.name === name);
  const hint =
    near !== undefined
      ? `did you mean \`${near}\`?`
      : elsewhere !== undefined
        ? `there is one in namespace \`${elsewhere.namespace}\``
        : undefined;
  return { problem: refer(referrer, field, `${kind} ${namespace}/${name} does not exist`, hint) };
}

/** A problem with a reference. */
export function refer(referrer: Referrer, field: KeyPath, message: string, hint?: string): Diagnostic {
  return diagnose(referrer.origin, [...referrer.path, ...field], {
    code: 'CONFIG_REFERENCE',
    severity: 'error',
    message,
    hint,
  });
}
