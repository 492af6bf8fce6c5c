import type { ServerConfig } from '../config/dynamic/model.ts';
import type { ConnectionPool } from './connection-pool.ts';
import type { Member } from './membership.ts';
import type { PassiveHealth } from './passive-health.ts';
import type { ServerStatus } from './service.ts';

/** A server's address, taken apart once. */
export interface ServerAddress {
  readonly secure: boolean;
  /** Without IPv6 brackets, lower case. */
  readonly hostname: string;
  readonly port: number;
  /** For `Host`: the port is left out where it is the scheme's own. */
  readonly authority: string;
  /** `http://host:port`. */
  readonly origin: string;
  /** Path in front of the request's own; empty unless `preservePath`. */
  readonly prefix: string;
}

/** Takes a server's URL apart; undefined when it is none that we can talk to. */
export function parseServerUrl(url: string, preservePath: boolean): ServerAddress | undefined {
  const [, scheme, rest] = /^(https?):\/\/(.+)$/is.exec(url) ?? [];
  if (scheme === undefined || rest === undefined) return undefined;
  const secure = scheme.toLowerCase() === 'https';
  const text = `${secure ? 'https' : 'http'}://${rest}`;
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  if (parsed === undefined || parsed.hostname === '') return undefined;
  if (parsed.username !== '' || parsed.password !== '' || parsed.search !== '' || parsed.hash !== '') return undefined;
  const port = parsed.port === '' ? (secure ? 443 : 80) : Number(parsed.port);
  return {
    secure,
    hostname: parsed.hostname.replace(/^\[|\]$/g, ''),
    port,
    authority: parsed.host,
    origin: `${parsed.protocol}//${parsed.hostname}:${port}`,
    prefix: preservePath ? parsed.pathname.replace(/\/$/, '') : '',
  };
}

/** How many latencies the mean of `leasttime` looks back on. */
const latencyWindow = 100;

/** One upstream server: its connections, its health, its load. */
export class Server implements Member {
  /** The URL as configured. */
  readonly name: string;
  readonly address: ServerAddress;
  readonly weight: number;
  /** Only for callers that are bound to it: it is on its way out. */
  readonly fenced: boolean;
  readonly pool: ConnectionPool;
  readonly passive: PassiveHealth | undefined;
  /** What active checks say; up until one says otherwise. */
  up = true;
  inFlight = 0;
  readonly #latencies: number[] = [];
  #latencyAt = 0;
  #latencySum = 0;

  constructor(config: ServerConfig, address: ServerAddress, pool: ConnectionPool, passive: PassiveHealth | undefined) {
    this.name = config.url;
    this.address = address;
    this.weight = config.weight;
    this.fenced = config.fenced ?? false;
    this.pool = pool;
    this.passive = passive;
  }

  /** Fit to answer, if only for callers that are bound to it. */
  get healthy(): boolean {
    return this.up && this.passive?.failing !== true;
  }

  /** May be given new callers. */
  get open(): boolean {
    return this.weight > 0 && !this.fenced && this.healthy;
  }

  /** Mean milliseconds until the head of an answer came, over the last answers; 0 before the first. */
  get latency(): number {
    return this.#latencies.length === 0 ? 0 : this.#latencySum / this.#latencies.length;
  }

  /** An answer's head came after `milliseconds`. */
  answered(status: number, milliseconds: number): void {
    const replaced = this.#latencies[this.#latencyAt] ?? 0;
    this.#latencies[this.#latencyAt] = milliseconds;
    this.#latencySum += milliseconds - replaced;
    this.#latencyAt = (this.#latencyAt + 1) % latencyWindow;
    if (this.passive === undefined) return;
    if (status >= 500) this.passive.failed(`answered ${status}`);
    else this.passive.succeeded();
  }

  /** No answer came. */
  failed(reason: string): void {
    this.passive?.failed(reason);
  }

  status(): ServerStatus {
    const state = !this.up ? 'down' : this.passive?.failing === true ? 'failing' : this.fenced ? 'fenced' : 'up';
    return {
      url: this.name,
      weight: this.weight,
      state,
      inFlight: this.inFlight,
      connections: this.pool.size,
    };
  }
}
