import type { RuntimeStatus } from '../config/runtime/status.ts';
import type { TlsSettings } from '../entrypoint/tls-state.ts';
import type { Handler } from '../http/exchange.ts';

/**
 * One immutable, built configuration. Requests that began under it end under it; when the last has ended and a newer
 * generation serves, it is disposed.
 */
export class Generation {
  readonly id: number;
  /** One handler per entrypoint name. */
  readonly handlers: ReadonlyMap<string, Handler>;
  /** Settings of the entrypoints that speak TLS, by name. */
  readonly tls: ReadonlyMap<string, TlsSettings>;
  readonly status: RuntimeStatus;
  /** States of upstream servers by qualified service name. */
  readonly servers: () => ReadonlyMap<string, readonly object[]>;
  readonly #starters: readonly (() => void)[];
  readonly #retirers: readonly (() => void)[];
  readonly #disposers: readonly (() => void)[];
  #running = 0;
  #retired = false;
  #disposed = false;

  constructor(parts: {
    id: number;
    handlers: ReadonlyMap<string, Handler>;
    tls: ReadonlyMap<string, TlsSettings>;
    status: RuntimeStatus;
    servers: () => ReadonlyMap<string, readonly object[]>;
    starters?: readonly (() => void)[];
    retirers?: readonly (() => void)[];
    disposers: readonly (() => void)[];
  }) {
    this.id = parts.id;
    this.handlers = parts.handlers;
    this.tls = parts.tls;
    this.status = parts.status;
    this.servers = parts.servers;
    this.#starters = parts.starters ?? [];
    this.#retirers = parts.retirers ?? [];
    this.#disposers = parts.disposers;
  }

  /** True once everything it made is gone. */
  get disposed(): boolean {
    return this.#disposed;
  }

  enter(): void {
    this.#running += 1;
  }

  leave(): void {
    this.#running -= 1;
    if (this.#retired && this.#running === 0) this.dispose();
  }

  /** Requests come here from now on. */
  serve(): void {
    for (const start of this.#starters) start();
  }

  /** A newer generation serves now. */
  retire(): void {
    this.#retired = true;
    for (const retire of this.#retirers) retire();
    if (this.#running === 0) this.dispose();
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const dispose of this.#disposers) dispose();
  }
}
