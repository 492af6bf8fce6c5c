import type { Diagnostic } from '../../../errors.ts';
import { decode, valueAt } from '../../decode.ts';
import { diagnose } from '../../diagnose.ts';
import type { KeyPath, RouterConfig } from '../model.ts';
import {
  type IngressRouteRule,
  type ingressRoute,
  ingressRouteRule,
  ingressRouteShell,
} from '../schema/ingress-route.ts';
import { objectName, routerName } from './names.ts';
import type { IndexedObject } from './object-index.ts';
import { type NamedService, nameService } from './translate-service.ts';
import { addCertificate } from './translate-tls.ts';
import {
  addItem,
  addRouter,
  crossProviderReference,
  decodeObject,
  type Referrer,
  referredNamespace,
  referredObject,
  refuseUnsupported,
  type Translation,
} from './translation.ts';

/** Classes under which routes are ours; without a class they are too. */
const ourClasses = ['', 'traefik', 'portcullis'];

const classPaths: readonly KeyPath[] = [
  ['spec', 'ingressClassName'],
  ['metadata', 'annotations', 'kubernetes.io/ingress.class'],
];

/**
 * Makes a router of every route. A route that cannot be decoded still becomes a router, as far as its rule can be read,
 * so that its requests are refused instead of falling through to a wider route.
 */
export function translateIngressRoute(translation: Translation, object: IndexedObject): void {
  const { origin, value } = object;
  const ingressClass = classPaths
    .map((path) => [path, valueAt(value, path)] as const)
    .find(([, name]) => name !== undefined);
  const ours = translation.options.ingressClass === undefined ? ourClasses : [translation.options.ingressClass];
  if (ingressClass !== undefined && !ours.includes(String(ingressClass[1]))) {
    const message = `this route is for the ingress class \`${String(ingressClass[1])}\`, so it is not used`;
    translation.problems.push(
      diagnose(origin, ingressClass[0], { code: 'CONFIG_UNSUPPORTED', severity: 'info', message }),
    );
    return;
  }
  const shell = decodeObject(translation, object, ingressRouteShell);
  const tls = shell.ok ? routerTls(translation, object, shell.value.spec.tls) : { config: undefined, problems: [] };
  const shared = [...(shell.ok ? [] : shell.problems), ...tls.problems];
  const routes = valueAt(value, ['spec', 'routes']);
  if (!Array.isArray(routes) || routes.length === 0) {
    translation.problems.push(...shared);
    return;
  }
  routes.forEach((raw: unknown, index) => {
    addRoute(translation, object, {
      raw,
      path: ['spec', 'routes', index],
      entryPoints: texts(valueAt(value, ['spec', 'entryPoints'])),
      tls: tls.config ?? (valueAt(value, ['spec', 'tls']) === undefined ? undefined : {}),
      problems: shared,
    });
  });
}

interface RouteSource {
  readonly raw: unknown;
  readonly path: KeyPath;
  readonly entryPoints: readonly string[];
  readonly tls: RouterConfig['tls'];
  readonly problems: readonly Diagnostic[];
}

function addRoute(translation: Translation, object: IndexedObject, source: RouteSource): void {
  const { origin, namespace } = object;
  const { raw, path } = source;
  const rule = valueAt(raw, ['match']);
  const priority = valueAt(raw, ['priority']);
  const name = routerName(namespace, object.name, typeof rule === 'string' ? rule : `route ${path.at(-1)}`);
  const referrer: Referrer = { namespace, origin, path };
  const decoded = refuseUnsupported(translation, ingressRouteRule, decode(ingressRouteRule, raw, origin, path), {
    value: raw,
    origin,
    path,
  });
  const service = decoded.ok ? routeService(translation, decoded.value, referrer, name) : { name, problems: [] };
  const middlewares = decoded.ok
    ? decoded.value.middlewares.map((reference, index) =>
        nameMiddleware(translation, reference, { ...referrer, path: [...path, 'middlewares', index] }),
      )
    : [];
  addRouter(translation.routers, {
    name,
    config: {
      rule: typeof rule === 'string' ? rule : '',
      priority: Number.isInteger(priority) ? Number(priority) : undefined,
      entryPoints: source.entryPoints,
      middlewares: middlewares.map((middleware) => middleware.name),
      service: service.name,
      tls: source.tls,
    },
    origin,
    path,
    fields: {
      rule: [...path, 'match'],
      service: [...path, 'services', 0, 'name'],
      entryPoints: ['spec', 'entryPoints'],
      tls: ['spec', 'tls'],
    },
    problems: [
      ...source.problems,
      ...(decoded.ok ? [] : decoded.problems),
      ...middlewares.flatMap((middleware) => middleware.problems),
      ...service.problems,
    ],
  });
}

function routeService(
  translation: Translation,
  route: IngressRouteRule,
  referrer: Referrer,
  name: string,
): NamedService {
  const [only, ...others] = route.services;
  const at = (index: number): Referrer => ({ ...referrer, path: [...referrer.path, 'services', index] });
  if (only !== undefined && others.length === 0) return nameService(translation, only, at(0), name);
  const parts = route.services.map((reference, index) => ({
    weight: reference.weight ?? 1,
    ...nameService(translation, reference, at(index)),
  }));
  const problems = parts.flatMap((part) => part.problems);
  addItem(translation.services, {
    name,
    config: { kind: 'weighted', services: parts.map((part) => ({ name: part.name, weight: part.weight })) },
    origin: referrer.origin,
    path: [...referrer.path],
    problems,
  });
  return { name, problems };
}

/** The qualified name that a reference to a Middleware means. */
export function nameMiddleware(
  translation: Translation,
  reference: { readonly name: string; readonly namespace?: string | undefined },
  referrer: Referrer,
): { readonly name: string; readonly problems: readonly Diagnostic[] } {
  const cross = crossProviderReference(translation, referrer, reference.name, ['name']);
  if (cross !== undefined) return cross;
  const { namespace, problems } = referredNamespace(translation, referrer, reference.namespace);
  const name = objectName(namespace, reference.name);
  if (problems.length > 0) return { name, problems };
  const found = referredObject(translation, referrer, 'Middleware', {
    namespace,
    name: reference.name,
    field: ['name'],
  });
  return { name, problems: 'problem' in found ? [found.problem] : [] };
}

type TlsSpec = NonNullable<(typeof ingressRoute)['_output']['spec']['tls']>;

function routerTls(
  translation: Translation,
  object: IndexedObject,
  tls: TlsSpec | undefined,
): { readonly config: RouterConfig['tls']; readonly problems: readonly Diagnostic[] } {
  if (tls === undefined) return { config: undefined, problems: [] };
  const { namespace, origin } = object;
  if (tls.secretName !== undefined) {
    // Without its certificate a route still answers, with the default one: that is for an operator to hear, not a reason to close.
    translation.problems.push(
      ...addCertificate(translation, tls.secretName, { namespace, origin, path: ['spec', 'tls'] }, ['secretName']),
    );
  }
  const { options } = tls;
  if (options === undefined) return { config: {}, problems: [] };
  const referrer: Referrer = { namespace, origin, path: ['spec', 'tls', 'options'] };
  const cross = crossProviderReference(translation, referrer, options.name, ['name']);
  if (cross !== undefined) return { config: { options: cross.name }, problems: cross.problems };
  if (options.name === 'default') return { config: { options: 'default' }, problems: [] };
  const found = referredNamespace(translation, referrer, options.namespace);
  const target = referredObject(translation, referrer, 'TLSOption', {
    namespace: found.namespace,
    name: options.name,
    field: ['name'],
  });
  const problems = [...found.problems, ...('problem' in target ? [target.problem] : [])];
  return { config: { options: objectName(found.namespace, options.name) }, problems };
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
