import type { Buffer } from 'node:buffer';
import type { Readable } from 'node:stream';
import type { ReplyBody } from './body.ts';
import type { RequestFacts } from './facts.ts';
import type { HeaderFields } from './headers.ts';
import type { Identity } from './identity.ts';

/** The request body. Read whole where a message is judged, streamed where it is only passed on. */
export interface RequestBody {
  /** No body at all: no `Content-Length`, no `Transfer-Encoding`, or a length of 0. */
  readonly empty: boolean;
  /** The declared length in bytes, if any. */
  readonly declaredLength: number | undefined;
  /** The bytes if they have been read whole (or replaced), else undefined. */
  readonly buffered: Buffer | undefined;
  /** Reads the body whole, once; later calls return the same bytes. Throws a 413 {@link Refusal} past `limit` bytes, 408 when the body timeout passes. */
  read(limit: number): Promise<Buffer>;
  /** The body as a stream for pass-through; not after `read`. */
  stream(): Readable;
  /** Takes other bytes in place of those that were read; absent where that cannot be. */
  replace?(bytes: Buffer): void;
}

/** What a request was sent to: the scheme and authority as the client sees them. */
export interface RequestTarget {
  readonly scheme: 'http' | 'https';
  /** Host as sent, for instance `mcp.localhost:8000`. */
  readonly authority: string;
  /** Lower-case host without port and without IPv6 brackets. */
  readonly host: string;
  readonly port: number | undefined;
}

/** Everything known about one request while it travels entrypoint → router → middlewares → service. */
export interface Exchange {
  /** Unique in this process. */
  readonly number: number;
  /** `exchangeId` of the number: for people. Ids of decisions begin with it. */
  readonly id: string;
  readonly entrypoint: string;
  readonly protocol: '1.0' | '1.1' | '2';
  /** What the handshake of the connection demanded of the client, as `demandsOf` (entrypoint) writes it; absent without TLS. */
  readonly tlsDemands?: string | undefined;
  readonly target: RequestTarget;
  /** Peer address of the socket. */
  readonly peerAddress: string;
  /** Client address: the peer, or what a trusted proxy in front says. */
  readonly clientAddress: string;
  readonly method: string;
  /** The path as the client sent it, after the one normalisation of `data-plane.md` §2. Middlewares change `path`, never this. */
  readonly originalPath: string;
  /** Path on its way to the upstream; begins with `/`, has no query. */
  path: string;
  /** Query with its `?`, or empty. */
  query: string;
  /** Request headers on their way to the upstream. Middlewares change them in place. */
  readonly headers: HeaderFields;
  readonly body: RequestBody;
  /** Who is calling; set by authentication. A service cannot be reached without one that `auth` made. */
  identity: Identity | undefined;
  /** What the policies said; set by the `mcp` middleware. */
  decision: object | undefined;
  /** Origins that this route's CORS options allow; absent when the route has none. */
  allowedOrigins: ((origin: string) => boolean) | undefined;
  /** The resource identifier of the route's `mcp` middleware, which tokens must be meant for. */
  routeResource: string | undefined;
  /** Scopes that the route's metadata names: what a challenge asks clients to request. */
  routeScopes: readonly string[] | undefined;
  /** Whether the upstream call ends when the client goes. Legacy MCP calls go on (a disconnect is not a cancel). */
  abortOnClose: boolean;
  /** What telemetry will report; rooms fill in what they know. */
  readonly facts: RequestFacts;
  /** True once the client has gone. */
  readonly closed: boolean;
  /** Calls back once when the client goes before the reply is complete. Returns a function that forgets the callback. */
  onClosed(callback: () => void): () => void;
}

/** What goes back. `headers` belong to the reply: whoever holds it may change them. */
export interface Reply {
  status: number;
  readonly headers: HeaderFields;
  body: ReplyBody;
  /** Set for streams that may stay open for hours: they are closed last on shutdown and never cut for being idle. */
  readonly longLived?: boolean;
}

export type Handler = (exchange: Exchange) => Promise<Reply>;

/** Nested once when a generation is built; `next` is the rest of the chain. */
export type Middleware = (next: Handler) => Handler;

export type { ReplyBody };
