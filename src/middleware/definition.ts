import type { Dispatcher } from 'undici';
import type * as z from 'zod';
import type { OutboundOptions } from '../auth/outbound.ts';
import type { Diagnostic } from '../errors.ts';
import type { Exchange, Handler, Middleware, Reply } from '../http/exchange.ts';
import type { JsonValue } from '../http/json.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Witness } from '../telemetry/witness.ts';

/**
 * What a middleware is. Adding one costs a folder under `middleware/` and a line in `registry.ts`: schemas, reference
 * pages and CRDs are generated from `options`.
 */
export interface MiddlewareDefinition<Options> {
  /** The key in a manifest's `spec`: `stripPrefix`, or `plugin.jwt` for the ones under `plugin`. */
  readonly type: string;
  /** One sentence for the reference page. */
  readonly summary: string;
  /** Strict: an unknown key is an error. Every field carries `.describe()`. */
  readonly options: z.ZodType<Options>;
  /** True when the middleware authenticates: the route's callers are then not anonymous by default. */
  readonly authenticates?: boolean;
  /**
   * The test that decides which cross-site `Origin` values these options allow, or undefined when they say nothing about
   * origins. The gateway asks every middleware of a route (those inside a `chain` too) when it builds the route, because
   * the origin is judged before the chain runs (data-plane §2).
   */
  allowedOrigins?(options: Options): ((origin: string) => boolean) | undefined;
  /** True for `plugin.mcp`: a service behind it needs a decision. */
  readonly decides?: boolean;
  /** Resource identifier (RFC 9728) that tokens for a route with this middleware must be meant for. */
  routeResource?(options: Options): string | undefined;
  /** Scopes that clients of a route with this middleware should ask for. */
  routeScopes?(options: Options): readonly string[] | undefined;
  /** Names of the middlewares that this one stands for (`chain`), as written; the gateway sees through it with this. */
  expands?(options: Options): readonly string[];
  /** Builds the middleware; throws `PortcullisError` with diagnostics when the options cannot work. */
  create(options: Options, context: MiddlewareContext): Middleware | Promise<Middleware>;
}

/** What a middleware gets when it is built, once per generation. */
export interface MiddlewareContext {
  /** Qualified name, for instance `apps-deepwiki-mcp-jwt@file`. */
  readonly name: string;
  readonly log: Logger;
  /** Makes a diagnostic at a place in the operator's file; `path` is relative to the options, `offset`/`length` index into a string value. */
  diagnose(
    problem: Pick<Diagnostic, 'code' | 'severity' | 'message' | 'hint'>,
    path: readonly (string | number)[],
    range?: { offset: number; length: number },
  ): Diagnostic;
  /** Reports a warning without failing the middleware. */
  warn(diagnostic: Diagnostic): void;
  /** State that outlives the generation: returns what `make` made for an equal `key` before, else makes it. Disposed when no generation wants it any more. */
  share<T extends { dispose?(): void }>(key: string, make: () => T): T;
  /** Runs when the generation has ended. */
  onDispose(callback: () => void): void;
  /** Runs when the generation begins to serve; never for one that was built and thrown away. */
  onServing(callback: () => void): void;
  /** Runs when a newer generation serves, after that one's `onServing`. Requests and streams may still be under way. */
  onRetired(callback: () => void): void;
  /** Builds another middleware by name as it stands in the same generation (for `chain`). Throws on unknown names and loops. */
  middleware(name: string): Promise<Middleware>;
  /** A handler for a service by name (for `errors` pages and the like); undefined when unknown. */
  service(name: string): Promise<Handler | undefined>;
  /** Publishes a document outside the route: `plugin.mcp` uses it for protected-resource metadata. */
  publish(endpoint: PublishedEndpoint): void;
  /** What install options say that middlewares need. */
  readonly install: {
    /** Bytes. */
    readonly maxRequestBodySize: number;
    /** Key for sealing session ids, the same on every replica; absent: one of this process only. */
    readonly sessionKey?: string | undefined;
    /** Who is told what telemetry wants to know beyond the facts of a request. */
    readonly witness?: Witness | undefined;
    /** Arguments and results as text without what is sensitive, for traces; `sensitive` are paths by the tool's schema. */
    readonly redactArguments?:
      | ((
          value: JsonValue,
          sensitive: readonly (readonly string[])[],
          inTexts?: readonly (readonly string[])[],
        ) => string)
      | undefined;
    /** `resolve` and `serversTransport.rootCAs`, for an HTTP client that a middleware makes itself. */
    readonly outbound?: Pick<OutboundOptions, 'resolve' | 'rootCAs'> | undefined;
  };
  /**
   * HTTP client for calls that a middleware makes itself (key sets, authentication servers), made when it is first asked
   * for; knows the install options `resolve` and `serversTransport.rootCAs`. Absent, or when the middleware has TLS options
   * of its own: it makes one, of `install.outbound`.
   */
  readonly dispatcher?: (() => Dispatcher) | undefined;
}

/** A public endpoint that a middleware brings along, served on every entrypoint of the routes that use the middleware. */
export interface PublishedEndpoint {
  /** Lower-case host. */
  readonly host: string;
  readonly path: string;
  /** Two endpoints for one host and path must have equal content, else it is a configuration error. */
  readonly content: string;
  respond(exchange: Exchange): Reply;
}

export type { Exchange, Handler, Middleware, Reply };
