import type { Buffer } from 'node:buffer';
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, connect as connectTls, type SecureContext } from 'node:tls';
import { whyForbidden } from '../http/forbidden-address.ts';
import type { NameCache, ResolvedAddress } from './name-cache.ts';

/** Where connections of one server go, and how. */
export interface DialTarget {
  readonly secure: boolean;
  /** Name or address of the server, IPv6 without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** What the connection is made to instead, when an install rule says so. */
  readonly via?: { readonly host: string; readonly port: number } | undefined;
}

/** How TLS is spoken with upstream servers; built once per transport. */
export interface DialSecurity {
  readonly context: SecureContext;
  /** Name to ask for and to check, instead of the server's own. */
  readonly serverName: string | undefined;
  readonly verify: boolean;
}

/** A connection could not be made; nothing has been sent. */
export class DialError extends Error {
  override readonly name = 'DialError';
  readonly kind: 'name' | 'forbidden' | 'timeout' | 'tls' | 'refused';
  constructor(kind: DialError['kind'], message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.kind = kind;
  }
}

/** A socket that fails closes, too. */
function ignore(): void {}

/** Probes of a peer that has fallen silent: 15 s, then 5 probes 15 s apart. A half-open connection is found within 90 s. */
const keepAlive = { delay: 15_000, interval: 15_000, count: 5 } as const;

/**
 * Makes connections to one server: name → addresses → guard → TCP → TLS, all within `timeout` milliseconds (0: no limit).
 * The guard judges the very addresses that are dialled, so a name that changes its mind in between gains nothing.
 */
export class Dialler {
  readonly #target: DialTarget;
  readonly #security: DialSecurity;
  readonly #names: NameCache;
  readonly #timeout: number;
  #session: Buffer | undefined;
  #turn = 0;

  constructor(target: DialTarget, security: DialSecurity, names: NameCache, timeout: number) {
    this.#target = target;
    this.#security = security;
    this.#names = names;
    this.#timeout = timeout;
  }

  /** Calls back once, with a connected socket or with a {@link DialError}. */
  dial(done: (error: DialError | null, socket: Socket | null) => void): void {
    let settled = false;
    let socket: Socket | undefined;
    const timer =
      this.#timeout > 0
        ? setTimeout(() => fail(new DialError('timeout', `no connection within ${this.#timeout} ms`)), this.#timeout)
        : undefined;
    const fail = (error: DialError): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      socket?.destroy();
      done(error, null);
    };
    const { via, hostname, port } = this.#target;
    this.#addresses(via?.host ?? hostname).then(
      (addresses) => {
        if (settled) return;
        const opening = this.#open(addresses, via?.port ?? port);
        socket = opening;
        opening.setNoDelay(true);
        const onError = (error: Error): void => fail(this.#explain(error));
        const onClose = (): void => fail(new DialError('refused', 'closed before it was set up'));
        opening.on('error', onError);
        opening.on('close', onClose);
        opening.once(this.#target.secure ? 'secureConnect' : 'connect', () => {
          if (settled) return;
          settled = true;
          clearTimeout(timer);
          opening.setKeepAlive(true, keepAlive.delay, keepAlive.interval, keepAlive.count);
          // Whoever gets the socket listens from here on; what was needed to open it should not live as long as it does.
          opening.off('close', onClose);
          opening.on('error', ignore);
          opening.off('error', onError);
          done(null, opening);
        });
      },
      (error: unknown) => fail(error instanceof DialError ? error : this.#explain(error)),
    );
  }

  /** Addresses that may be dialled, starting with another one each time. */
  async #addresses(host: string): Promise<readonly ResolvedAddress[]> {
    const family = isIP(host);
    const found: readonly ResolvedAddress[] =
      family === 0 ? await this.#resolve(host) : [{ address: host, family: family as 4 | 6 }];
    const allowed = found.filter(({ address }) => whyForbidden(address) === undefined);
    if (allowed.length === 0) {
      const address = found[0]?.address ?? host;
      const place = address === host ? host : `${host} (${address})`;
      throw new DialError('forbidden', `${place} is ${whyForbidden(address)}; the gateway does not connect there`);
    }
    this.#turn = (this.#turn + 1) % allowed.length;
    return [...allowed.slice(this.#turn), ...allowed.slice(0, this.#turn)];
  }

  async #resolve(host: string): Promise<readonly ResolvedAddress[]> {
    try {
      return await this.#names.resolve(host);
    } catch (error) {
      throw new DialError('name', `the name ${host} cannot be resolved`, error);
    }
  }

  #open(addresses: readonly ResolvedAddress[], port: number): Socket {
    const { secure, hostname } = this.#target;
    const [first] = addresses;
    const lookup: LookupFunction = (_host, options, callback) => {
      if (options.all === true) callback(null, [...addresses]);
      else callback(null, first?.address ?? '', first?.family);
    };
    const place = {
      // A name makes Node call `lookup`, which answers with what the guard has let through and nothing else.
      host: addresses.length === 1 && first !== undefined ? first.address : 'upstream.invalid',
      port,
      autoSelectFamily: addresses.length > 1,
      lookup,
    };
    if (!secure) return connectTcp(place);
    const { context, serverName, verify } = this.#security;
    const name = serverName ?? hostname;
    const options: ConnectionOptions & Pick<typeof place, 'autoSelectFamily'> = {
      ...place,
      secureContext: context,
      rejectUnauthorized: verify,
      ALPNProtocols: ['http/1.1'],
      checkServerIdentity: (_name, certificate) => checkServerIdentity(name, certificate),
      // RFC 6066 §3: an address is no server name.
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ...(this.#session === undefined ? {} : { session: this.#session }),
    };
    const socket = connectTls(options);
    socket.on('session', (session: Buffer) => {
      this.#session = session;
    });
    return socket;
  }

  #explain(error: unknown): DialError {
    const code = (error as NodeJS.ErrnoException | null)?.code ?? '';
    if (code === 'ETIMEDOUT') return new DialError('timeout', 'no connection was made in time', error);
    const tls = this.#target.secure && !/^E[A-Z]+$/.test(code);
    const message = error instanceof Error ? error.message : 'no connection';
    return new DialError(tls ? 'tls' : 'refused', message, error);
  }
}
