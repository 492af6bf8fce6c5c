import { performance } from 'node:perf_hooks';
import { Connection, type ConnectionOptions, type ConnectionOwner } from './connection.ts';

export interface PoolOptions extends ConnectionOptions {
  /** Most unused connections that are kept. */
  readonly maxIdle: number;
  /** Milliseconds after which an unused connection is closed; 0: never. */
  readonly idleTimeout: number;
}

/** Seconds before a server closes an idle connection at which we no longer use it: a request needs its time, too. */
const closingMargin = 1;
const longestTimer = 2 ** 31 - 1;

/** The connections to one server. Those that are not in use wait, and the one used last is used next. */
export class ConnectionPool implements ConnectionOwner {
  readonly options: PoolOptions;
  readonly #idle: Connection[] = [];
  #open = 0;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(options: PoolOptions) {
    this.options = options;
  }

  /** How many connections are open or being made. */
  get size(): number {
    return this.#open;
  }

  /** An unused connection, or a new one, which is made when something is sent on it. */
  take(): Connection {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined) break;
      // Behind a process that stood still the timer is late, and the server about to close, if it has not done so.
      if (connection.usable && connection.idleUntil > performance.now()) return connection;
      connection.close();
    }
    this.#open += 1;
    return new Connection(this);
  }

  put(connection: Connection): void {
    if (this.#stopped || this.#idle.length >= this.options.maxIdle) {
      connection.close();
      return;
    }
    const wait = this.#patience(connection);
    if (wait <= 0) {
      connection.close();
      return;
    }
    this.#idle.push(connection);
    if (wait >= longestTimer) {
      connection.idleUntil = Number.POSITIVE_INFINITY;
      return;
    }
    connection.idleUntil = performance.now() + wait;
    this.#wakeAt(connection.idleUntil, wait);
  }

  closed(connection: Connection): void {
    this.#open -= 1;
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  /** Closes unused connections now and the others when their requests are over. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const connection of this.#idle.slice()) connection.close();
  }

  /** Milliseconds for which a connection may wait to be used. */
  #patience({ keepAlive }: Connection): number {
    const { idleTimeout } = this.options;
    const own = idleTimeout > 0 ? idleTimeout : longestTimer;
    return keepAlive === undefined ? own : Math.min(own, (keepAlive - closingMargin) * 1_000);
  }

  /** One timer for all: set for the one whose time is over first. */
  #wakeAt(time: number, wait: number): void {
    if (time >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = time;
    this.#timer = setTimeout(() => this.#sweep(), wait).unref();
  }

  #sweep(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    for (const connection of this.#idle.slice()) if (connection.idleUntil <= now) connection.close();
    let next = Number.POSITIVE_INFINITY;
    for (const { idleUntil } of this.#idle) next = Math.min(next, idleUntil);
    // At least a millisecond on: timers may fire a little early.
    if (next < Number.POSITIVE_INFINITY) this.#wakeAt(next, Math.max(1, next - now));
  }
}
