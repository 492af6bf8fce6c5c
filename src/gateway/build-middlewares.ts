import { decode } from '../config/decode.ts';
import { diagnoseItem } from '../config/diagnose.ts';
import type { Item, MiddlewareConfig } from '../config/dynamic/model.ts';
import { type UnsupportedField, unsupportedFields } from '../config/schema-keys.ts';
import { type Diagnostic, nearest, PortcullisError } from '../errors.ts';
import type { Handler, Middleware } from '../http/exchange.ts';
import type { MiddlewareContext, MiddlewareDefinition, PublishedEndpoint } from '../middleware/definition.ts';
import { foreignMiddlewareTypes } from '../middleware/registry.ts';
import type { Logger } from '../telemetry/log.ts';
import type { SharedState } from './shared-state.ts';

/** A middleware that has been built, and what the route must know of it. */
export interface BuiltMiddleware {
  readonly name: string;
  readonly type: string;
  readonly middleware: Middleware;
  readonly authenticates: boolean;
  readonly decides: boolean;
  readonly routeResource: string | undefined;
  readonly routeScopes: readonly string[] | undefined;
  readonly allowedOrigins: ((origin: string) => boolean) | undefined;
  readonly published: readonly PublishedEndpoint[];
  /** What it stands for, when it is a chain. */
  readonly members: readonly BuiltMiddleware[];
}

export interface MiddlewareBuild {
  readonly problems: Map<string, Diagnostic[]>;
  /** The built middleware, or undefined when it does not exist or is broken. */
  get(name: string): Promise<BuiltMiddleware | undefined>;
  /** Declares a middleware broken after all. */
  close(name: string, problem: Diagnostic): void;
}

export interface MiddlewareBuildContext {
  readonly generation: number;
  readonly definitions: ReadonlyMap<string, MiddlewareDefinition<unknown>>;
  readonly items: ReadonlyMap<string, Item<MiddlewareConfig>>;
  readonly log: Logger;
  readonly shared: SharedState;
  readonly install: MiddlewareContext['install'];
  readonly dispatcher: MiddlewareContext['dispatcher'];
  readonly onDispose: (callback: () => void) => void;
  readonly onServing: (callback: () => void) => void;
  readonly onRetired: (callback: () => void) => void;
  readonly service: (name: string) => Promise<Handler | undefined>;
}

/** Prepares the middlewares of one generation. Each is built once, when it is first asked for. */
export function buildMiddlewares(context: MiddlewareBuildContext): MiddlewareBuild {
  const problems = new Map<string, Diagnostic[]>();
  const built = new Map<string, Promise<BuiltMiddleware | undefined>>();
  const open: string[] = [];

  const report = (name: string, found: readonly Diagnostic[]): void => {
    problems.set(name, [...(problems.get(name) ?? []), ...found]);
  };

  const get = (name: string): Promise<BuiltMiddleware | undefined> => {
    let promise = built.get(name);
    if (promise === undefined) {
      const item = context.items.get(name);
      promise = item === undefined ? Promise.resolve(undefined) : buildOne(name, item);
      built.set(name, promise);
    }
    return promise;
  };

  const buildOne = async (name: string, item: Item<MiddlewareConfig>): Promise<BuiltMiddleware | undefined> => {
    if (item.problems.length > 0) report(name, item.problems);
    if (item.problems.some((problem) => problem.severity === 'error')) return undefined;
    const definition = context.definitions.get(item.config.type);
    if (definition === undefined) {
      report(name, [unknownType(item, context.definitions)]);
      return undefined;
    }
    const options = decode(definition.options, item.config.options ?? {}, item.origin, item.path);
    if (!options.ok) {
      report(name, options.problems);
      return undefined;
    }
    const foreign = unsupportedFields(definition.options, item.config.options).map((field) =>
      foreignOption(item, field),
    );
    report(name, foreign);
    if (foreign.some((problem) => problem.severity === 'error')) return undefined;
    const published: PublishedEndpoint[] = [];
    const members: BuiltMiddleware[] = [];
    const log = context.log.with({ middlewareName: name, middlewareType: item.config.type.replace(/^plugin\./, '') });
    open.push(name);
    try {
      for (const member of definition.expands?.(options.value) ?? []) {
        const qualified = member.includes('@') ? member : `${member}@${name.split('@')[1] ?? ''}`;
        if (open.includes(qualified)) throw loopProblem(item, [...open, qualified]);
        const one = await get(qualified);
        if (one === undefined) throw memberProblem(item, qualified, context.items);
        members.push(one);
      }
      const middleware = await definition.create(options.value, {
        name,
        log,
        diagnose: (problem, path, range) => diagnoseItem(item, path, problem, range),
        warn: (diagnostic) => report(name, [diagnostic]),
        share: (key, make) => context.shared.share(context.generation, `${item.config.type}/${name}/${key}`, make),
        onDispose: context.onDispose,
        onServing: context.onServing,
        onRetired: context.onRetired,
        middleware: async (other) => {
          const one = await get(other);
          if (one === undefined) throw memberProblem(item, other, context.items);
          return one.middleware;
        },
        service: context.service,
        publish: (endpoint) => published.push(endpoint),
        install: context.install,
        dispatcher: context.dispatcher,
      });
      return {
        name,
        type: item.config.type,
        middleware,
        authenticates: definition.authenticates === true || members.some((member) => member.authenticates),
        decides: definition.decides === true || members.some((member) => member.decides),
        routeResource: definition.routeResource?.(options.value) ?? firstOf(members, (member) => member.routeResource),
        routeScopes: definition.routeScopes?.(options.value) ?? firstOf(members, (member) => member.routeScopes),
        allowedOrigins:
          definition.allowedOrigins?.(options.value) ?? firstOf(members, (member) => member.allowedOrigins),
        published: [...published, ...members.flatMap((member) => member.published)],
        members,
      };
    } catch (error) {
      report(name, problemsOf(error, item));
      return undefined;
    } finally {
      open.pop();
    }
  };

  const close = (name: string, problem: Diagnostic): void => {
    const item = context.items.get(name);
    report(name, [item === undefined ? problem : diagnoseItem(item, [], problem)]);
    built.set(name, Promise.resolve(undefined));
  };

  return { problems, get, close };
}

function firstOf<T, R>(list: readonly T[], read: (one: T) => R | undefined): R | undefined {
  for (const one of list) {
    const value = read(one);
    if (value !== undefined) return value;
  }
  return undefined;
}

function problemsOf(error: unknown, item: Item<MiddlewareConfig>): readonly Diagnostic[] {
  if (error instanceof PortcullisError) {
    if (error.diagnostics.length > 0) return error.diagnostics;
    return [diagnoseItem(item, [], { code: error.code, severity: 'error', message: error.message, hint: undefined })];
  }
  const message = error instanceof Error ? error.message : String(error);
  return [diagnoseItem(item, [], { code: 'CONFIG_INVALID_VALUE', severity: 'error', message, hint: undefined })];
}

function unknownType(item: Item<MiddlewareConfig>, definitions: ReadonlyMap<string, unknown>): Diagnostic {
  const { type } = item.config;
  const instead = foreignMiddlewareTypes.get(type);
  if (instead !== undefined) {
    const message = `middleware type ${type} is not offered here`;
    const problem = { code: 'CONFIG_UNSUPPORTED', severity: 'error', message, hint: instead } as const;
    return diagnoseItem(item, [], problem, { key: true });
  }
  const suggestion = nearest(type, definitions.keys());
  return diagnoseItem(
    item,
    [],
    {
      code: 'CONFIG_UNKNOWN_KEY',
      severity: 'error',
      message: `unknown middleware type ${type}`,
      hint:
        suggestion === undefined ? `known types: ${[...definitions.keys()].join(', ')}` : `did you mean ${suggestion}?`,
    },
    { key: true },
  );
}

/** An option that people bring along from elsewhere. */
function foreignOption(item: Item<MiddlewareConfig>, field: UnsupportedField): Diagnostic {
  const message = `\`${String(field.path.at(-1))}\` is not supported`;
  const severity = field.how === 'refused' ? 'error' : 'warning';
  return diagnoseItem(
    item,
    field.path,
    { code: 'CONFIG_UNSUPPORTED', severity, message, hint: field.description },
    { key: true },
  );
}

function loopProblem(item: Item<MiddlewareConfig>, loop: readonly string[]): PortcullisError {
  return referenceError(item, `the chain contains itself: ${loop.join(' → ')}`, undefined);
}

function memberProblem(
  item: Item<MiddlewareConfig>,
  name: string,
  items: ReadonlyMap<string, unknown>,
): PortcullisError {
  if (items.has(name)) return referenceError(item, `middleware ${name} is broken`, 'mend that middleware first');
  const suggestion = nearest(name, items.keys());
  const hint = suggestion === undefined ? undefined : `did you mean ${suggestion}?`;
  return referenceError(item, `middleware ${name} does not exist`, hint);
}

function referenceError(item: Item<MiddlewareConfig>, message: string, hint: string | undefined): PortcullisError {
  return new PortcullisError('CONFIG_REFERENCE', message, {
    diagnostics: [diagnoseItem(item, [], { code: 'CONFIG_REFERENCE', severity: 'error', message, hint })],
  });
}
