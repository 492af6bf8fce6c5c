import type { Diagnostic } from '../../src/errors.ts';
import type {
  Handler,
  Middleware,
  MiddlewareContext,
  MiddlewareDefinition,
  PublishedEndpoint,
} from '../../src/middleware/definition.ts';
import { keptLogger } from './kept-log.ts';

/** A context for building a middleware in a test. */
export interface TestContext extends MiddlewareContext {
  readonly warnings: Diagnostic[];
  readonly published: PublishedEndpoint[];
  /** The generation begins to serve: runs what was registered with `onServing`. */
  serve(): void;
  /** A newer generation serves: runs what was registered with `onRetired`. */
  retire(): void;
  /** Ends the generation: runs what was registered with `onDispose`. */
  dispose(): void;
}

export interface ContextOverrides {
  readonly name?: string;
  readonly middlewares?: Readonly<Record<string, Middleware>>;
  readonly services?: Readonly<Record<string, Handler>>;
  readonly maxRequestBodySize?: number;
  /** Pass one map to two contexts to play a reload. */
  readonly shared?: Map<string, unknown>;
}

/** Builds a {@link TestContext}; diagnostics name the option path as `name: a.b.0`. */
export function testContext(overrides: ContextOverrides = {}): TestContext {
  const name = overrides.name ?? 'test@file';
  const shared = overrides.shared ?? new Map<string, unknown>();
  const warnings: Diagnostic[] = [];
  const published: PublishedEndpoint[] = [];
  const disposals: (() => void)[] = [];
  const starts: (() => void)[] = [];
  const retirements: (() => void)[] = [];
  return {
    name,
    log: keptLogger,
    warnings,
    published,
    diagnose: (problem, path) => ({ ...problem, subject: `${name}: ${path.join('.')}` }),
    warn: (diagnostic) => void warnings.push(diagnostic),
    share<T>(key: string, make: () => T): T {
      if (!shared.has(key)) shared.set(key, make());
      return shared.get(key) as T;
    },
    onDispose: (callback) => void disposals.push(callback),
    onServing: (callback) => void starts.push(callback),
    onRetired: (callback) => void retirements.push(callback),
    middleware(wanted) {
      const found = overrides.middlewares?.[wanted];
      return found === undefined ? Promise.reject(new Error(`no middleware ${wanted}`)) : Promise.resolve(found);
    },
    service: (wanted) => Promise.resolve(overrides.services?.[wanted]),
    publish: (endpoint) => void published.push(endpoint),
    install: { maxRequestBodySize: overrides.maxRequestBodySize ?? 1_048_576 },
    serve() {
      for (const callback of starts) callback();
    },
    retire() {
      for (const callback of retirements) callback();
    },
    dispose() {
      for (const callback of disposals) callback();
    },
  };
}

/** Decodes options as the gateway does, builds the middleware and puts it before `next`. */
export async function buildHandler(
  definition: MiddlewareDefinition<unknown>,
  options: unknown,
  next: Handler,
  context: MiddlewareContext = testContext(),
): Promise<Handler> {
  const middleware = await definition.create(definition.options.parse(options), context);
  return middleware(next);
}
