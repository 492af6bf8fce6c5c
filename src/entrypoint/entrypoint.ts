import { Buffer } from 'node:buffer';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Handler, Reply } from '../http/exchange.ts';
import { newFacts } from '../http/facts.ts';
import { Refusal, textReply } from '../http/refusal.ts';
import type { Logger } from '../telemetry/log.ts';
import { compileTrust, type TrustTest } from './forwarded-headers.ts';
import { IncomingExchange } from './incoming-exchange.ts';
import { LeanIncomingMessage } from './incoming-message.ts';
import { OpenReplies, type OpenReply } from './open-replies.ts';
import type { EntrypointOptions } from './options.ts';
import { type ReplyEnd, writeReply } from './reply-writer.ts';
import type { TlsState } from './tls-state.ts';

/** Hears about every request that has ended; must not throw. */
export type ExchangeObserver = (exchange: IncomingExchange, status: number, end: ReplyEnd) => void;

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

/** A listening port. Its handler is one field: a request reads it once, so none ever sees half a change. */
export class Entrypoint {
  readonly name: string;
  readonly #options: EntrypointOptions;
  readonly #log: Logger;
  readonly #observe: ExchangeObserver;
  readonly #trust: TrustTest;
  readonly #server: Server | Http2SecureServer;
  readonly #sockets = new Set<Socket>();
  /** HTTP/1.1 connections whose framing or head was refused: nothing that follows on them may be believed. */
  readonly #distrusted = new WeakSet<Socket>();
  readonly #replies = new OpenReplies();
  #handler: Handler = () => Promise.reject(new Refusal(503, 'starting', { headers: [['Retry-After', '1']] }));
  #draining = false;

  constructor(options: EntrypointOptions, dependencies: { log: Logger; observe: ExchangeObserver; tls?: TlsState }) {
    this.name = options.name;
    this.#options = options;
    this.#log = dependencies.log;
    this.#observe = dependencies.observe;
    this.#trust = compileTrust(options.forwardedHeaders);
    this.#server = dependencies.tls === undefined ? this.#plainServer() : this.#secureServer(dependencies.tls);
    const sockets = this.#sockets;
    function forget(this: Socket): void {
      sockets.delete(this);
    }
    this.#server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('close', forget);
    });
  }

  /** Swaps in the handler of a new generation. */
  use(handler: Handler): void {
    this.#handler = handler;
  }

  /** Opens the port; resolves with the real address. */
  listen(): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      const { host, port } = this.#options;
      this.#server.listen({ port, backlog: 1024, ...(host === '' ? {} : { host }) }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) =>
          this.#log.error('entrypoint failed', { entryPoint: this.name, error: error.message }),
        );
        resolve(this.#server.address() as AddressInfo);
      });
    });
  }

  /** Requests under way, open event streams included. */
  get inFlight(): number {
    return this.#replies.all.length;
  }

  /** Open connections. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Open event streams. */
  get openStreams(): number {
    return this.#replies.streams;
  }

  /** Stops accepting connections; every answer from now on closes its connection. */
  stopAccepting(): void {
    this.#draining = true;
    this.#server.close();
    if ('closeIdleConnections' in this.#server) this.#server.closeIdleConnections();
  }

  /**
   * Drains: waits for requests under way at most `graceTime` ms, then ends open event streams properly, then cuts what is
   * left. Resolves when every socket is closed.
   */
  async drain(graceTime: number): Promise<void> {
    this.stopAccepting();
    const deadline = performance.now() + graceTime;
    while (this.#replies.busy > 0 && performance.now() < deadline) await pause(20);
    // A comment and a proper end tell a client that the stream was closed on purpose; it reconnects elsewhere.
    for (const { response, longLived } of this.#replies.all) {
      if (longLived && !response.writableEnded) (response as ServerResponse).end(': the gateway is shutting down\n\n');
    }
    const last = performance.now() + Math.min(500, graceTime);
    while (this.inFlight > 0 && performance.now() < last) await pause(20);
    if ('closeIdleConnections' in this.#server) this.#server.closeIdleConnections();
    for (const socket of this.#sockets) socket.destroy();
  }

  #plainServer(): Server {
    const { limits } = this.#options;
    const server = createServer(
      {
        IncomingMessage: LeanIncomingMessage,
        insecureHTTPParser: false,
        joinDuplicateHeaders: false,
        requireHostHeader: true,
        maxHeaderSize: limits.headerBytes,
        connectionsCheckingInterval: 1_000,
        noDelay: true,
      },
      (request, response) => this.#serve(request, response),
    );
    this.#limit(server);
    return server;
  }

  #secureServer(tls: TlsState): Http2SecureServer {
    const { limits, timeouts } = this.#options;
    const server = createSecureServer(
      {
        ...tls.serverOptions(),
        allowHTTP1: true,
        Http1IncomingMessage: LeanIncomingMessage,
        maxHeaderSize: limits.headerBytes,
        insecureHTTPParser: false,
        settings: {
          maxConcurrentStreams: limits.concurrentStreams,
          maxHeaderListSize: limits.headerBytes,
          enablePush: false,
        },
        maxHeaderListPairs: limits.headerCount + 28,
      } as Parameters<typeof createSecureServer>[0],
      (request, response) => this.#serve(request, response),
    );
    this.#limit(server as unknown as Server);
    tls.attach(server);
    server.on('session', (session) => {
      session.on('error', () => {});
      if (timeouts.idle > 0) session.setTimeout(timeouts.idle, () => this.#closeIdleSession(session));
    });
    server.on('tlsClientError', (error) =>
      this.#log.debug('TLS handshake failed', { entryPoint: this.name, error: error.message }),
    );
    return server;
  }

  #closeIdleSession(session: { destroyed: boolean; close(): void; socket?: Socket }): void {
    // Open streams keep a session alive however silent they are: event streams may say nothing for hours.
    for (const { response } of this.#replies.all) {
      if ('stream' in response && response.stream?.session === session) return;
    }
    if (!session.destroyed) session.close();
  }

  #limit(server: Server): void {
    const { timeouts } = this.#options;
    // Node drops fields past its own count silently; ours is enforced in `acceptHeaders`.
    server.maxHeadersCount = 0;
    server.headersTimeout = timeouts.headers;
    // Bodies have their own limit (`IncomingBody`); this one catches those that nobody reads.
    server.requestTimeout = timeouts.headers > 0 && timeouts.body > 0 ? timeouts.headers + timeouts.body : 0;
    server.keepAliveTimeout = timeouts.idle;
    server.timeout = 0;
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => answerBrokenRequest(error, socket as Socket));
    server.on('connect', (_request, socket) =>
      socket.end('HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'),
    );
  }

  #serve(request: Request, response: Response): void {
    if (this.#distrusted.has(request.socket as Socket)) {
      response.on('error', () => {});
      (response as ServerResponse).destroy();
      return;
    }
    const facts = newFacts();
    let exchange: IncomingExchange;
    try {
      exchange = new IncomingExchange(request, this.#options, this.#trust, facts);
    } catch (error) {
      this.#refuseEarly(request, response, error);
      return;
    }
    const open = this.#replies.add(response);
    response.on('close', () => {
      this.#replies.remove(open);
      if (!(response as ServerResponse).writableFinished) exchange.clientGone();
    });
    this.#handle(exchange).then(
      (reply) => this.#answer(exchange, request, open, reply),
      (error: unknown) => this.#answer(exchange, request, open, this.#replyToError(exchange, error)),
    );
  }

  #handle(exchange: IncomingExchange): Promise<Reply> {
    try {
      return this.#handler(exchange);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #answer(exchange: IncomingExchange, request: Request, open: OpenReply, reply: Reply): void {
    const { response } = open;
    if (reply.longLived === true) {
      this.#replies.stays(open);
      if (request.httpVersionMajor < 2) forgetHead(request as IncomingMessage);
      exchange.headers.trim();
    }
    // A body that was not read would be taken for the next request (RFC 9112 §9.3): the connection ends with this answer.
    const close = this.#draining || !(request as IncomingMessage).complete || exchange.protocol === '1.0';
    const { status } = reply;
    const options = { close, writeTimeout: this.#options.timeouts.write };
    try {
      writeReply(exchange, response, reply, options, (end) => this.#observe(exchange, status, end));
    } catch (error) {
      // Node refuses to write, for instance, a line break in a header value: the fault of one reply, not of all.
      this.#log.error('a reply could not be written', { entryPoint: this.name, error: String(error) });
      (response as ServerResponse).destroy();
    }
  }

  #replyToError(exchange: IncomingExchange, error: unknown): Reply {
    if (error instanceof Refusal) {
      exchange.facts.errorType ??= error.errorType;
      return error.toReply();
    }
    // Whatever broke, nothing reached a service after it: an exception can only end in a refusal.
    exchange.facts.errorType ??= 'internal';
    this.#log.error('request failed', {
      entryPoint: this.name,
      router: exchange.facts.router,
      traceId: exchange.facts.trace?.traceId,
      spanId: exchange.facts.trace?.spanId,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    return textReply(500, 'internal error\n');
  }

  #refuseEarly(request: Request, response: Response, error: unknown): void {
    const refusal = error instanceof Refusal ? error : new Refusal(500, 'internal');
    if (!(error instanceof Refusal)) this.#log.error('request failed', { entryPoint: this.name, error: String(error) });
    this.#log.debug('request refused', { entryPoint: this.name, error: refusal.errorType, status: refusal.status });
    const reply = refusal.toReply();
    const writable = response as ServerResponse;
    if (request.httpVersionMajor < 2) {
      this.#distrusted.add(request.socket as Socket);
      reply.headers.append('Connection', 'close');
    }
    if (request.httpVersionMajor < 2) writable.writeHead(reply.status, reply.headers.toRaw());
    else (response as Http2ServerResponse).writeHead(reply.status, { 'content-length': '0' });
    writable.on('error', () => {});
    if (request.httpVersionMajor < 2 && Buffer.isBuffer(reply.body)) writable.end(reply.body);
    else writable.end();
  }
}

/** Node keeps a request as long as its answer is open; of an event stream's request nobody reads the head again. */
function forgetHead(request: IncomingMessage): void {
  request.rawHeaders = [];
}

/** Answers what Node's parser could not read, by the cause, and closes: framing after it cannot be trusted. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (socket.destroyed || !socket.writable) return;
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : error.code === 'ECONNRESET'
          ? undefined
          : '400 Bad Request';
  if (status === undefined) socket.destroy();
  else socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
