import type { DynamicConfiguration } from '../config/dynamic/model.ts';
import type { RuntimeStatus } from '../config/runtime/status.ts';
import type { CertificatePair } from '../entrypoint/tls-state.ts';
import { type Diagnostic, nearest } from '../errors.ts';
import type { Handler } from '../http/exchange.ts';
import type { MiddlewareContext, MiddlewareDefinition } from '../middleware/definition.ts';
import { RouterTable } from '../router/table.ts';
import type { ServiceRegistry } from '../service/registry.ts';
import type { Logger } from '../telemetry/log.ts';
import { buildMiddlewares } from './build-middlewares.ts';
import { type BuiltRouter, buildRouters, type EntrypointFacts } from './build-routers.ts';
import { buildServices } from './build-services.ts';
import { redirectAll } from './entrypoint-redirection.ts';
import { gate } from './gate.ts';
import { Generation } from './generation.ts';
import { type Breakage, breakageKey } from './last-good.ts';
import { findConflicts, notFound, type OwnedEndpoint, servePublished } from './published-endpoints.ts';
import { refuseMisdirected, routerTls } from './router-tls.ts';
import type { SharedState } from './shared-state.ts';
import { itemStatuses } from './statuses.ts';
import { findTlsOptions, tlsSettings } from './tls-settings.ts';

/** What outlives generations and what the installation says. */
export interface BuildContext {
  readonly log: Logger;
  readonly definitions: ReadonlyMap<string, MiddlewareDefinition<unknown>>;
  readonly entrypoints: readonly EntrypointFacts[];
  readonly services: ServiceRegistry;
  readonly shared: SharedState;
  readonly install: MiddlewareContext['install'];
  readonly dispatcher: MiddlewareContext['dispatcher'];
  readonly defaultCertificate: CertificatePair;
}

export interface Built {
  readonly generation: Generation;
  /** What does not work, by {@link breakageKey}: candidates for their last good version. */
  readonly breakage: Breakage;
}

/**
 * Builds a generation: middlewares, services, routers, published endpoints, TLS. Never throws for what an operator wrote:
 * a broken item is reported and closes what uses it, the rest works.
 */
export async function buildGeneration(
  id: number,
  configuration: DynamicConfiguration,
  context: BuildContext,
  notes: { readonly pinned: Breakage; readonly refused: readonly Diagnostic[] },
): Promise<Built> {
  const disposers: (() => void)[] = [() => context.shared.release(id)];
  const starters: (() => void)[] = [];
  const retirers: (() => void)[] = [];
  const services = buildServices(configuration, context.services);
  disposers.push(() => services.dispose());

  const middlewares = buildMiddlewares({
    generation: id,
    definitions: context.definitions,
    items: configuration.middlewares,
    log: context.log,
    shared: context.shared,
    install: context.install,
    dispatcher: context.dispatcher,
    onDispose: (callback) => disposers.push(callback),
    onServing: (callback) => starters.push(callback),
    onRetired: (callback) => retirers.push(callback),
    service: (name) => {
      const service = services.get(name);
      return Promise.resolve(service === undefined ? undefined : gate(service, { needsDecision: false }));
    },
  });
  for (const name of configuration.middlewares.keys()) await middlewares.get(name);
  await closeConflicts(configuration, middlewares);

  const tlsOfRouters = routerTls(configuration.tls);
  const routers = await buildRouters({
    generation: id,
    items: configuration.routers,
    entrypoints: context.entrypoints,
    tls: tlsOfRouters,
    middlewares,
    middlewareNames: [...configuration.middlewares.keys()],
    service: (name) => services.get(name),
    serviceNames: [...configuration.services.keys()],
    serviceExists: (name) => configuration.services.has(name),
  });

  const problems = { router: routers.problems, service: services.problems, middleware: middlewares.problems };
  const status: RuntimeStatus = {
    generation: id,
    loadedAt: new Date(),
    items: itemStatuses({ configuration, problems, pinned: notes.pinned, routers: routers.routers }),
    problems: [...configuration.problems, ...tlsProblems(configuration, context.entrypoints, notes.pinned)],
    refused: notes.refused,
  };
  const { byHost } = tlsOfRouters;
  const tls = new Map(
    context.entrypoints
      .filter((one) => one.tls)
      .map((one) => [one.name, tlsSettings(configuration.tls, context.defaultCertificate, byHost, one.tlsOptions)]),
  );
  const generation = new Generation({
    id,
    handlers: new Map(
      context.entrypoints.map((one) => {
        const handler = entrypointHandler(one, routers.routers);
        const settings = tls.get(one.name);
        return [one.name, settings === undefined ? handler : refuseMisdirected(settings, handler)];
      }),
    ),
    tls,
    status,
    servers: () => services.servers(),
    starters,
    retirers,
    disposers,
  });
  return { generation, breakage: breakageOf(problems, configuration, routers.missing) };
}

/** Two middlewares that publish different things at one place: both are broken, since neither can be believed. */
async function closeConflicts(
  configuration: DynamicConfiguration,
  middlewares: ReturnType<typeof buildMiddlewares>,
): Promise<void> {
  const owned: OwnedEndpoint[] = [];
  for (const name of configuration.middlewares.keys()) {
    for (const endpoint of (await middlewares.get(name))?.published ?? []) owned.push({ owner: name, endpoint });
  }
  for (const [name, problem] of findConflicts(owned)) middlewares.close(name, problem);
}

function entrypointHandler(entrypoint: EntrypointFacts, routers: readonly BuiltRouter[]): Handler {
  const here = routers.filter((router) => router.handlers.has(entrypoint.name));
  const table = new RouterTable(
    here.map((router) => ({
      name: router.name,
      rule: router.rule,
      priority: router.priority,
      handler: router.handlers.get(entrypoint.name) as Handler,
    })),
  );
  const route: Handler = (exchange) => (table.match(exchange) ?? notFound)(exchange);
  const published = here.flatMap((router) => router.middlewares.flatMap((middleware) => middleware.published));
  const serve = servePublished(published, route);
  return entrypoint.redirection === undefined ? serve : redirectAll(entrypoint.redirection, serve);
}

function tlsProblems(
  configuration: DynamicConfiguration,
  entrypoints: readonly EntrypointFacts[],
  pinned: Breakage,
): Diagnostic[] {
  const { certificates, options, defaultCertificate } = configuration.tls;
  const replaced = [...options.keys()].flatMap((name) => pinned.get(breakageKey('tls', name)) ?? []);
  const found = [
    ...certificates,
    ...options.values(),
    ...(defaultCertificate === undefined ? [] : [defaultCertificate]),
  ].flatMap((item) => item.problems);
  const missing = entrypoints.flatMap(({ name, tlsOptions }): Diagnostic[] => {
    if (tlsOptions === undefined || tlsOptions === 'default') return [];
    if (findTlsOptions(configuration.tls, tlsOptions) !== undefined) return [];
    const near = nearest(tlsOptions, options.keys());
    const hint =
      near === undefined ? 'write them under tls.options of the routing configuration' : `did you mean ${near}?`;
    const message = `entryPoints.${name}.http.tls.options: TLS options ${tlsOptions} do not exist, so nothing is served there`;
    return [{ code: 'CONFIG_REFERENCE', severity: 'error', message, hint }];
  });
  return [...found, ...replaced, ...missing];
}

function breakageOf(
  problems: Readonly<Record<'router' | 'service' | 'middleware', ReadonlyMap<string, readonly Diagnostic[]>>>,
  { tls }: DynamicConfiguration,
  missing: readonly {
    readonly kind: 'middleware' | 'service' | 'tls';
    readonly name: string;
    readonly problem: Diagnostic;
  }[],
): Breakage {
  const breakage = new Map<string, readonly Diagnostic[]>();
  for (const kind of ['router', 'service', 'middleware'] as const) {
    for (const [name, found] of problems[kind]) {
      if (found.some((problem) => problem.severity === 'error')) breakage.set(breakageKey(kind, name), found);
    }
  }
  for (const [name, { problems: found }] of tls.options) {
    if (found.some((problem) => problem.severity === 'error')) breakage.set(breakageKey('tls', name), found);
  }
  for (const { kind, name, problem } of missing) breakage.set(breakageKey(kind, name), [problem]);
  return breakage;
}
