import { diagnoseItem } from '../config/diagnose.ts';
import type { Item, RouterConfig } from '../config/dynamic/model.ts';
import { type Diagnostic, nearest } from '../errors.ts';
import type { Handler } from '../http/exchange.ts';
import { Refusal } from '../http/refusal.ts';
import { checkPriority } from '../router/priority.ts';
import { type CompiledRule, compileRule } from '../router/rule.ts';
import type { Service } from '../service/service.ts';
import type { BuiltMiddleware, MiddlewareBuild } from './build-middlewares.ts';
import type { EntrypointRedirection } from './entrypoint-redirection.ts';
import { gate } from './gate.ts';
import { chainRoute } from './route-chain.ts';
import { type RouterTls, requireDemands } from './router-tls.ts';

/** What routers need to know of an entrypoint. */
export interface EntrypointFacts {
  readonly name: string;
  readonly tls: boolean;
  /** TLS options of everything served here, unless routers name others; as the install options write it. */
  readonly tlsOptions?: string | undefined;
  /** Routers that name no entrypoint are served here. */
  readonly isDefault: boolean;
  /** Qualified names of middlewares before those of each router. */
  readonly middlewares: readonly string[];
  /** Everything is sent elsewhere. */
  readonly redirection?: EntrypointRedirection | undefined;
}

export interface BuiltRouter {
  readonly name: string;
  readonly rule: CompiledRule;
  readonly priority: number;
  /** One handler per entrypoint it is served on. */
  readonly handlers: ReadonlyMap<string, Handler>;
  readonly middlewares: readonly BuiltMiddleware[];
  readonly usedMiddlewares: readonly string[];
  readonly usedService: string;
}

export interface RouterBuild {
  readonly routers: readonly BuiltRouter[];
  readonly problems: Map<string, Diagnostic[]>;
  /** References to things that do not exist: kind and name, with the router that wanted them. */
  readonly missing: readonly {
    readonly kind: 'middleware' | 'service' | 'tls';
    readonly name: string;
    readonly problem: Diagnostic;
  }[];
}

export interface RouterBuildContext {
  readonly generation: number;
  readonly items: ReadonlyMap<string, Item<RouterConfig>>;
  readonly entrypoints: readonly EntrypointFacts[];
  readonly tls: RouterTls;
  readonly middlewares: MiddlewareBuild;
  readonly middlewareNames: readonly string[];
  readonly service: (name: string) => Service | undefined;
  readonly serviceNames: readonly string[];
  readonly serviceExists: (name: string) => boolean;
}

/** Answers for a route that is closed because something it needs is broken: it never falls through to a wider route. */
const closed: Handler = () =>
  Promise.reject(new Refusal(503, 'route_closed', { body: 'this route is closed: its configuration has an error\n' }));

/** Builds every router: compiles its rule, nests its chain, and closes it when a part is missing or broken. */
export async function buildRouters(context: RouterBuildContext): Promise<RouterBuild> {
  const problems = new Map<string, Diagnostic[]>();
  const routers: BuiltRouter[] = [];
  const missing: { kind: 'middleware' | 'service' | 'tls'; name: string; problem: Diagnostic }[] = [];

  for (const [name, item] of context.items) {
    const found: Diagnostic[] = [...item.problems];
    const { config } = item;
    const rule = found.some((one) => one.message !== '' && config.rule === '')
      ? undefined
      : compileRule(config.rule, (problem, range) => diagnoseItem(item, ['rule'], problem, range));
    if (rule !== undefined) found.push(...(rule.ok ? rule.warnings : rule.diagnostics));
    const badPriority = checkPriority(config.priority ?? 0);
    if (badPriority !== undefined) found.push(diagnoseItem(item, ['priority'], badPriority));
    const wanted = context.tls.claim(item, rule?.ok === true ? rule.rule : undefined);
    found.push(...wanted.problems);
    if (wanted.missing !== undefined) missing.push({ kind: 'tls', ...wanted.missing });

    const used: BuiltMiddleware[] = [];
    for (const [index, middlewareName] of config.middlewares.entries()) {
      const built = await context.middlewares.get(middlewareName);
      if (built !== undefined) {
        used.push(built);
        continue;
      }
      const problem = missingPart(item, 'middleware', middlewareName, ['middlewares', index], context.middlewareNames);
      found.push(problem);
      if (!context.middlewareNames.includes(middlewareName))
        missing.push({ kind: 'middleware', name: middlewareName, problem });
    }
    const service = context.service(config.service);
    // A router that is broken anyway has said why; what its reference would have led to is no news.
    const toldAlready = item.problems.some((one) => one.severity === 'error');
    if (service === undefined && !toldAlready) {
      const problem = missingPart(item, 'service', config.service, ['service'], context.serviceNames);
      found.push(problem);
      if (!context.serviceExists(config.service)) missing.push({ kind: 'service', name: config.service, problem });
    }

    const entrypoints = chooseEntrypoints(item, context.entrypoints, found);
    problems.set(name, found);
    if (rule === undefined || !rule.ok) continue;

    const broken = found.some((one) => one.severity === 'error');
    const handlers = new Map<string, Handler>();
    const isClosed = (one: EntrypointFacts): boolean => one.tls && context.tls.isClosed(config, one.tlsOptions);
    const closedAt = entrypoints.filter(isClosed).map((one) => one.name);
    if (!broken && closedAt.length > 0) {
      const message = `TLS options are missing or broken: the route is closed at ${closedAt.join(', ')}`;
      const problem = { code: 'CONFIG_REFERENCE', severity: 'warning', message, hint: 'mend them first' } as const;
      found.push(diagnoseItem(item, ['rule'], problem));
    }
    for (const entrypoint of entrypoints) {
      const before: BuiltMiddleware[] = [];
      let complete = true;
      for (const middlewareName of entrypoint.middlewares) {
        const built = await context.middlewares.get(middlewareName);
        if (built === undefined) complete = false;
        else before.push(built);
      }
      const chain = [...before, ...used];
      const shut = broken || !complete || isClosed(entrypoint);
      const handler =
        shut || service === undefined
          ? closed
          : chainRoute(chain, gate(service, { needsDecision: chain.some((one) => one.decides) }), {
              router: name,
              service: config.service,
              generation: context.generation,
            });
      const demands = entrypoint.tls && handler !== closed ? context.tls.demands(config) : '';
      handlers.set(entrypoint.name, requireDemands(demands, handler));
    }
    routers.push({
      name,
      rule: rule.rule,
      priority: config.priority ?? 0,
      handlers,
      middlewares: used,
      usedMiddlewares: config.middlewares,
      usedService: config.service,
    });
  }
  return { routers, problems, missing };
}

function missingPart(
  item: Item<RouterConfig>,
  kind: 'middleware' | 'service',
  name: string,
  path: readonly (string | number)[],
  known: readonly string[],
): Diagnostic {
  const exists = known.includes(name);
  const suggestion = exists ? undefined : nearest(name, known);
  return diagnoseItem(item, path, {
    code: 'CONFIG_REFERENCE',
    severity: 'error',
    message: exists ? `${kind} ${name} is broken, and this route with it` : `${kind} ${name} does not exist`,
    hint: exists ? `see the errors of ${name}` : suggestion === undefined ? undefined : `did you mean ${suggestion}?`,
  });
}

/** The entrypoints a router is served on. Routers with `tls` need one that speaks TLS, the others too may live there. */
function chooseEntrypoints(
  item: Item<RouterConfig>,
  all: readonly EntrypointFacts[],
  found: Diagnostic[],
): readonly EntrypointFacts[] {
  const { config } = item;
  if (config.entryPoints.length === 0)
    return all.filter((one) => one.isDefault && (config.tls === undefined || one.tls));
  const chosen: EntrypointFacts[] = [];
  for (const [index, name] of config.entryPoints.entries()) {
    const entrypoint = all.find((one) => one.name === name);
    if (entrypoint === undefined) {
      const names = all.map((one) => one.name);
      const suggestion = nearest(name, names);
      found.push(
        diagnoseItem(item, ['entryPoints', index], {
          code: 'CONFIG_REFERENCE',
          severity: 'error',
          message: `entrypoint ${name} does not exist`,
          hint: suggestion === undefined ? `there are ${names.join(', ')}` : `did you mean ${suggestion}?`,
        }),
      );
    } else if (config.tls !== undefined && !entrypoint.tls) {
      found.push(
        diagnoseItem(item, ['entryPoints', index], {
          code: 'CONFIG_INVALID_VALUE',
          severity: 'warning',
          message: `the router wants TLS, but entrypoint ${name} speaks plain HTTP: it is not served there`,
          hint: `set entryPoints.${name}.http.tls, or remove tls from the router`,
        }),
      );
    } else chosen.push(entrypoint);
  }
  return chosen;
}
