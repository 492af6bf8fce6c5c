import type { DynamicConfiguration, Item, MiddlewareConfig, RouterConfig } from '../config/dynamic/model.ts';
import type { ItemKind, ItemStatus } from '../config/runtime/status.ts';
import type { Diagnostic } from '../errors.ts';
import { effectivePriority } from '../router/priority.ts';
import type { BuiltRouter } from './build-routers.ts';
import { type Breakage, breakageKey } from './last-good.ts';

/** Everything a status is made of. */
export interface StatusParts {
  readonly configuration: DynamicConfiguration;
  readonly problems: Readonly<Record<'router' | 'service' | 'middleware', ReadonlyMap<string, readonly Diagnostic[]>>>;
  readonly pinned: Breakage;
  /** The routers that came about: they know where they are served. */
  readonly routers: readonly Pick<BuiltRouter, 'name' | 'handlers'>[];
}

/** One status per configured item: what it is, whether it works, who uses it. Secrets are replaced. */
export function itemStatuses(parts: StatusParts): ItemStatus[] {
  const { configuration } = parts;
  const usedBy = new Map<string, string[]>();
  const use = (kind: ItemKind, name: string, by: string): void => {
    const key = `${kind} ${name}`;
    usedBy.set(key, [...(usedBy.get(key) ?? []), by]);
  };
  for (const [name, item] of configuration.routers) {
    use('service', item.config.service, name);
    for (const middleware of item.config.middlewares) use('middleware', middleware, name);
  }
  const served = new Map(parts.routers.map((router) => [router.name, [...router.handlers.keys()]]));
  const describeConfig = (kind: ItemKind, name: string, item: Item<unknown>): ItemStatus['config'] => {
    if (kind === 'middleware') return describeMiddleware(item as Item<MiddlewareConfig>);
    if (kind === 'router') return describeRouter(item as Item<RouterConfig>, served.get(name) ?? []);
    return redact(item.config, [], []) as ItemStatus['config'];
  };
  const describe = (
    kind: ItemKind,
    items: ReadonlyMap<string, Item<unknown>>,
    problems: ReadonlyMap<string, readonly Diagnostic[]>,
  ) =>
    [...items].map(([name, item]): ItemStatus => {
      const pinned = parts.pinned.get(breakageKey(kind, name));
      const own = pinned ?? problems.get(name) ?? item.problems;
      const broken = own.some((problem) => problem.severity === 'error');
      return {
        kind,
        name,
        provider: item.origin.provider,
        status: broken && pinned === undefined ? 'disabled' : own.length > 0 ? 'warning' : 'enabled',
        problems: own,
        usedBy: usedBy.get(`${kind} ${name}`) ?? [],
        lastGood: pinned !== undefined,
        config: describeConfig(kind, name, item),
      };
    });
  const none = new Map<string, readonly Diagnostic[]>();
  return [
    ...describe('router', configuration.routers, parts.problems.router),
    ...describe('service', configuration.services, parts.problems.service),
    ...describe('middleware', configuration.middlewares, parts.problems.middleware),
    ...describe('serversTransport', redactTransports(configuration), none),
  ];
}

/** As Traefik's API shows a router: with the priority that counts, and `using` for the entrypoints that serve it. */
function describeRouter({ config }: Item<RouterConfig>, using: readonly string[]): Readonly<Record<string, unknown>> {
  return {
    ...config,
    entryPoints: config.entryPoints.length > 0 ? config.entryPoints : using,
    using,
    priority: effectivePriority(config.rule, config.priority),
  };
}

function describeMiddleware(item: Item<MiddlewareConfig>): Readonly<Record<string, unknown>> {
  const { type, options, secretPaths } = item.config;
  return {
    type,
    options: redact(
      options,
      (secretPaths ?? []).map((path) => path.join('\0')),
      [],
    ),
  };
}

const sensitiveKey = /secret|password|token|authorization|api-?key|private|credential|cookie/i;

/** A copy in which resolved secrets, and what looks like one by its key, read `<redacted>`. */
function redact(value: unknown, secretPaths: readonly string[], path: readonly (string | number)[]): unknown {
  if (typeof value === 'string') {
    const hidden = secretPaths.includes(path.join('\0')) || sensitiveKey.test(String(path.at(-1) ?? ''));
    return hidden && !value.startsWith('urn:') ? '<redacted>' : value;
  }
  if (Array.isArray(value)) return value.map((one, index) => redact(one, secretPaths, [...path, index]));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [key, redact(one, secretPaths, [...path, key])]),
    );
  }
  return value;
}

function redactTransports(configuration: DynamicConfiguration): ReadonlyMap<string, Item<unknown>> {
  return new Map(
    [...configuration.serversTransports].map(([name, item]) => [
      name,
      {
        ...item,
        config: { ...item.config, certificates: item.config.certificates.length, rootCAs: item.config.rootCAs.length },
      },
    ]),
  );
}
