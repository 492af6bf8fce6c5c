import type { Socket } from 'node:net';
import { Client } from 'undici';
import type { Dialler } from './dial.ts';

export interface PoolOptions {
  /** `http://host:port` or `https://host:port`, for the client's own bookkeeping. */
  readonly origin: string;
  readonly dialler: Dialler;
  /** Most unused connections that are kept. */
  readonly maxIdle: number;
  /** Milliseconds after which an unused connection is closed; 0: never. */
  readonly idleTimeout: number;
  /** Milliseconds for the head of an answer; 0: no limit. */
  readonly headTimeout: number;
  /** Bytes of an answer's head. */
  readonly maxHead: number;
}

const longestTimer = 2 ** 31 - 1;

/**
 * One connection, used by one request at a time: an undici client that never pipelines. We pool them ourselves, newest
 * first, because undici's pool looks through all of its clients for each request, open streams included.
 */
export class Connection {
  readonly client: Client;
  socket: Socket | undefined;
  /** The peer reset the connection: an answer without a length that seems to have ended has not. */
  reset = false;
  readonly #pool: ConnectionPool;
  /** Bytes the socket had delivered when its last answer was complete. */
  #quietAt = 0;

  constructor(pool: ConnectionPool, origin: URL, options: PoolOptions) {
    this.#pool = pool;
    const idle = options.idleTimeout > 0 ? options.idleTimeout : longestTimer;
    this.client = new Client(origin, {
      pipelining: 1,
      allowH2: false,
      headersTimeout: options.headTimeout,
      bodyTimeout: 0,
      keepAliveTimeout: idle,
      keepAliveMaxTimeout: idle,
      maxHeaderSize: options.maxHead,
      connect: (_options, callback) => {
        options.dialler.dial((error, socket) => {
          if (error !== null || socket === null) {
            callback(error ?? new Error('no connection'), null);
            return;
          }
          this.socket = socket;
          this.reset = false;
          // Before undici's own listener: it takes a reset for the end of an answer that has no length.
          socket.prependListener('error', () => {
            this.reset = true;
          });
          callback(null, socket);
        });
      },
    });
    this.client.on('disconnect', () => pool.forget(this));
  }

  get usable(): boolean {
    return this.socket !== undefined && !this.socket.destroyed && this.socket.writable;
  }

  /** The parser skips empty lines between answers; for us any byte that nobody asked for is one too many. */
  get silent(): boolean {
    return this.socket !== undefined && this.socket.readableLength === 0 && this.socket.bytesRead === this.#quietAt;
  }

  /** From now on nothing should come. */
  rest(): void {
    this.#quietAt = this.socket?.bytesRead ?? 0;
  }

  /** Gives the connection back after its request is over, answered or not. */
  release(): void {
    // Not before undici is done with the bytes at hand: surplus ones behind the answer close the socket.
    queueMicrotask(() => this.#pool.put(this));
  }
}

/** The connections to one server. */
export class ConnectionPool {
  readonly #options: PoolOptions;
  /** Parsed once for all clients. */
  readonly #origin: URL;
  readonly #idle: Connection[] = [];
  #open = 0;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#origin = new URL(options.origin);
  }

  /** How many connections are open or being made. */
  get size(): number {
    return this.#open;
  }

  take(): Connection {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined) break;
      if (connection.usable && connection.silent) return connection;
      this.#discard(connection);
    }
    this.#open += 1;
    return new Connection(this, this.#origin, this.#options);
  }

  put(connection: Connection): void {
    if (this.#closed || !connection.usable || this.#idle.length >= this.#options.maxIdle) {
      this.#discard(connection);
      return;
    }
    connection.rest();
    this.#idle.push(connection);
  }

  /** A connection went down; if it was idle it leaves the pool. */
  forget(connection: Connection): void {
    const index = this.#idle.indexOf(connection);
    if (index < 0) return;
    this.#idle.splice(index, 1);
    this.#discard(connection);
  }

  /** Closes unused connections now and the others when their requests are over. */
  stop(): void {
    this.#closed = true;
    for (const connection of this.#idle.splice(0)) this.#discard(connection);
  }

  #discard(connection: Connection): void {
    this.#open -= 1;
    connection.client.destroy(() => {});
  }
}
