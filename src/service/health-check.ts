import { performance } from 'node:perf_hooks';
import type { HealthCheckConfig } from '../config/dynamic/model.ts';
import { HeaderFields } from '../http/headers.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { requestHead } from './request-head.ts';
import { parseServerUrl, type ServerAddress } from './server.ts';
import type { Transport } from './transport.ts';

/** As many hops as Go's client follows. */
const maxRedirects = 10;
/** Bytes of a probe's answer that are read to keep the connection; past them it is closed. */
const maxProbeBody = 64 * 1024;

/** Asks one server, at intervals, whether it is well. */
export class HealthCheck {
  readonly #config: HealthCheckConfig;
  readonly #transport: Transport;
  readonly #report: (up: boolean, reason: string) => void;
  readonly #address: ServerAddress | undefined;
  readonly #pools = new Map<string, ConnectionPool>();
  #timer: NodeJS.Timeout | undefined;
  #up = true;
  #stopped = false;

  constructor(
    server: ServerAddress,
    config: HealthCheckConfig,
    transport: Transport,
    report: (up: boolean, reason: string) => void,
  ) {
    this.#config = config;
    this.#transport = transport;
    this.#report = report;
    const scheme = config.scheme ?? (server.secure ? 'https' : 'http');
    const host = server.hostname.includes(':') ? `[${server.hostname}]` : server.hostname;
    this.#address = parseServerUrl(`${scheme}://${host}:${config.port ?? server.port}`, false);
  }

  /** Asks for the first time now; `up` is what is known so far. */
  start(up: boolean): void {
    this.#up = up;
    void this.#round();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const pool of this.#pools.values()) pool.stop();
    this.#pools.clear();
  }

  async #round(): Promise<void> {
    const { interval, unhealthyInterval } = this.#config;
    const { up, reason } = await this.#ask();
    if (this.#stopped) return;
    this.#up = up;
    this.#report(up, reason);
    this.#timer = setTimeout(() => void this.#round(), this.#up ? interval : (unhealthyInterval ?? interval)).unref();
  }

  async #ask(): Promise<{ up: boolean; reason: string }> {
    const { path, status: wanted, followRedirects, timeout } = this.#config;
    const deadline = performance.now() + timeout;
    let address = this.#address;
    let target = path === '' ? '/' : path;
    try {
      for (let hop = 0; hop <= maxRedirects; hop++) {
        if (address === undefined) return { up: false, reason: 'the address to check is none' };
        const { status, location } = await this.#probe(address, target, deadline - performance.now());
        if (followRedirects && status >= 300 && status < 400 && location !== undefined) {
          const next = URL.canParse(location, address.origin + target)
            ? new URL(location, address.origin + target)
            : null;
          if (next === null) return { up: false, reason: 'redirected to no URL' };
          address = parseServerUrl(next.origin, false);
          target = next.pathname + next.search;
          continue;
        }
        const up = wanted === undefined ? status >= 200 && status < 400 : status === wanted;
        return { up, reason: `answered ${status}` };
      }
      return { up: false, reason: 'too many redirects' };
    } catch (error) {
      return { up: false, reason: error instanceof Error ? error.message : 'no answer' };
    }
  }

  #probe(
    address: ServerAddress,
    path: string,
    time: number,
  ): Promise<{ status: number; location: string | undefined }> {
    const { method, hostname, headers } = this.#config;
    let pool = this.#pools.get(address.origin);
    if (pool === undefined) {
      pool = this.#transport.connect(address);
      this.#pools.set(address.origin, pool);
    }
    const fields = HeaderFields.fromRaw(Object.entries(headers).flat());
    const verb = method === '' ? 'GET' : method;
    const head = requestHead({
      method: verb,
      target: path.startsWith('/') ? path : `/${path}`,
      host: fields.get('host') ?? hostname ?? address.authority,
      headers: fields,
      passes: (name) => name !== 'host',
      length: 0,
    });
    const connection = pool.take();
    return new Promise((resolve, reject) => {
      let size = 0;
      const give = (error: Error): void => {
        clearTimeout(timer);
        connection.abort();
        reject(error);
      };
      const timer = setTimeout(
        () => give(new Error(`no answer within ${this.#config.timeout} ms`)),
        Math.max(0, time),
      ).unref();
      connection.send(
        { method: verb, head, body: null, length: 0 },
        {
          sending() {},
          informational() {},
          head: ({ status, headers }) => resolve({ status, location: headers.get('location') }),
          data(piece) {
            size += piece.length;
            if (size > maxProbeBody) give(new Error('a health check should be short'));
          },
          end: () => clearTimeout(timer),
          failed(error) {
            clearTimeout(timer);
            reject(error);
          },
          caughtUp() {},
        },
      );
    });
  }
}
