import type { AddressInfo } from 'node:net';
import type { RuntimeStatus } from '../config/runtime/status.ts';
import type { Exchange, Reply } from '../http/exchange.ts';

/** What the admin endpoints report about. */
export interface AdminFacts {
  /** The entrypoint this handler is for. */
  readonly entrypoint: string;
  /** True on the entrypoint that serves admin endpoints by default. */
  readonly isAdmin: boolean;
  readonly status: () => RuntimeStatus;
  readonly terminating: () => boolean;
  /** Server states by qualified service name. */
  readonly services: () => ReadonlyMap<string, readonly object[]>;
  readonly addresses: ReadonlyMap<string, AddressInfo>;
  /** More documents of this entrypoint by path, for instance `/metrics`. */
  readonly extra: ReadonlyMap<string, (exchange: Exchange) => Promise<Reply>>;
}
