import { X509Certificate } from 'node:crypto';
import type { Http2SecureServer } from 'node:http2';
import { createSecureContext, type SecureContext, type SecureContextOptions, type TLSSocket } from 'node:tls';

/** A certificate chain and its key, both PEM. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** TLS behaviour for a set of server names. Absent fields take Node's defaults. */
export interface TlsBehaviour {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion: 'TLSv1.2' | 'TLSv1.3' | undefined;
  /** OpenSSL cipher names joined by `:`. */
  readonly ciphers: string | undefined;
  /** Curve names joined by `:`. */
  readonly curves: string | undefined;
  /** Refuse handshakes for names that no certificate covers. */
  readonly sniStrict: boolean;
  readonly alpnProtocols: readonly string[];
  readonly clientAuth:
    | { readonly ca: readonly string[]; readonly required: boolean; readonly verify: boolean }
    | undefined;
}

export const defaultTlsBehaviour: TlsBehaviour = {
  minVersion: 'TLSv1.2',
  maxVersion: undefined,
  ciphers: undefined,
  curves: undefined,
  sniStrict: false,
  alpnProtocols: ['h2', 'http/1.1'],
  clientAuth: undefined,
};

/** What a generation says about TLS. */
export interface TlsSettings {
  readonly certificates: readonly CertificatePair[];
  readonly defaultCertificate: CertificatePair;
  readonly behaviour: TlsBehaviour;
  /** Behaviour for hosts whose routers name options of their own; keys are lower-case hosts, `*.` standing for one label. */
  readonly byHost: ReadonlyMap<string, TlsBehaviour>;
}

/** The behaviour that holds for a host: the server name of a handshake, or where a request was sent to. */
export function behaviourFor({ byHost, behaviour }: TlsSettings, host: string): TlsBehaviour {
  if (byHost.size === 0) return behaviour;
  const name = host.endsWith('.') ? host.slice(0, -1) : host;
  return byHost.get(name) ?? byHost.get(name.replace(/^[^.]+/, '*')) ?? behaviour;
}

/**
 * What a client must show to be let in under a behaviour, as a text to compare; empty when it is nothing that the listener
 * does not ask of everybody. A connection is made for one server name and may carry requests for others: what was not asked
 * for in its handshake has not been shown.
 */
export function demandsOf(behaviour: TlsBehaviour): string {
  const { minVersion, clientAuth } = behaviour;
  if (clientAuth === undefined && minVersion === 'TLSv1.2') return '';
  const text = written.get(behaviour) ?? JSON.stringify([minVersion, clientAuth]);
  written.set(behaviour, text);
  return text;
}

const written = new WeakMap<TlsBehaviour, string>();

const demands = Symbol('what was demanded in the handshake');

/** What the handshake of a request's connection demanded ({@link demandsOf}). */
export function demandsMet(socket: object): string | undefined {
  return (socket as { readonly [demands]?: string })[demands];
}

interface NamedContext {
  readonly matches: (serverName: string) => boolean;
  readonly pair: CertificatePair;
}

/**
 * Certificates and TLS options of an entrypoint, exchanged while it runs: a handshake takes what is current at that
 * moment, open connections keep what they have.
 */
export class TlsState {
  #settings: TlsSettings;
  #named: NamedContext[] = [];
  #contexts = new Map<string, SecureContext>();
  #server: Http2SecureServer | undefined;

  constructor(settings: TlsSettings) {
    this.#settings = settings;
    this.#named = nameCertificates(settings.certificates);
  }

  /** Takes over new settings. Throws, and keeps the old ones, when a certificate or key cannot be used. */
  use(settings: TlsSettings): void {
    const named = nameCertificates(settings.certificates);
    for (const { pair } of named) createSecureContext(contextOptions(pair, settings.behaviour));
    createSecureContext(contextOptions(settings.defaultCertificate, settings.behaviour));
    this.#settings = settings;
    this.#named = named;
    this.#contexts = new Map();
    if (this.#server !== undefined) this.#apply(this.#server);
  }

  /** Options to create the server with. */
  serverOptions(): object {
    return {
      ...this.#listenerOptions(),
      // `false` stands for no server name at all.
      ALPNCallback: ({ servername, protocols }: { servername: string | false; protocols: string[] }) =>
        this.#behaviourFor((servername || '').toLowerCase()).alpnProtocols.find((protocol) =>
          protocols.includes(protocol),
        ),
      SNICallback: (serverName: string, done: (error: Error | null, context?: SecureContext) => void) => {
        try {
          const context = this.#contextFor(serverName.toLowerCase());
          if (context === undefined) done(new Error('no certificate for this name'));
          else done(null, context);
        } catch (error) {
          done(error instanceof Error ? error : new Error(String(error)));
        }
      },
      ...this.#clientAuthOptions(),
    };
  }

  /** Binds the state to its server, and enforces per-host versions and client certificates after each handshake. */
  attach(server: Http2SecureServer): void {
    this.#server = server;
    server.prependListener('secureConnection', (socket: TLSSocket) => {
      const name = typeof socket.servername === 'string' ? socket.servername.toLowerCase() : '';
      const behaviour = this.#behaviourFor(name);
      const tooOld = behaviour.minVersion === 'TLSv1.3' && socket.getProtocol() !== 'TLSv1.3';
      const { clientAuth } = behaviour;
      const unproven =
        clientAuth !== undefined &&
        ((clientAuth.required && Object.keys(socket.getPeerCertificate()).length === 0) ||
          (clientAuth.verify && Object.keys(socket.getPeerCertificate()).length > 0 && !socket.authorized));
      if (tooOld || unproven || (behaviour.sniStrict && name === '')) socket.destroy();
      else Object.assign(socket, { [demands]: demandsOf(behaviour) });
    });
  }

  #apply(server: Http2SecureServer): void {
    server.setSecureContext(this.#listenerOptions());
    Object.assign(server, this.#clientAuthOptions());
  }

  #clientAuthOptions(): { requestCert: boolean; rejectUnauthorized: boolean } {
    const wanted = [this.#settings.behaviour, ...this.#settings.byHost.values()].some(
      (one) => one.clientAuth !== undefined,
    );
    // Verification happens per host in `attach`: here the certificate is only asked for.
    return { requestCert: wanted, rejectUnauthorized: false };
  }

  #behaviourFor(serverName: string): TlsBehaviour {
    return behaviourFor(this.#settings, serverName);
  }

  /**
   * Options of the listener. Protocol versions are settled before the server name counts, so they span what any host wants;
   * a host that wants newer ones only is seen to in `attach`.
   */
  #listenerOptions(): SecureContextOptions {
    const { behaviour, byHost, defaultCertificate } = this.#settings;
    const all = [behaviour, ...byHost.values()];
    const newest = all.some((one) => one.maxVersion !== 'TLSv1.2');
    const { maxVersion, ...rest } = contextOptions(defaultCertificate, behaviour);
    return {
      ...rest,
      minVersion: all.some((one) => one.minVersion === 'TLSv1.2') ? 'TLSv1.2' : 'TLSv1.3',
      ...(newest ? {} : { maxVersion: 'TLSv1.2' }),
    };
  }

  #contextFor(serverName: string): SecureContext | undefined {
    const cached = this.#contexts.get(serverName);
    if (cached !== undefined) return cached;
    const behaviour = this.#behaviourFor(serverName);
    const match = this.#named.find(({ matches }) => matches(serverName));
    if (match === undefined && behaviour.sniStrict) return undefined;
    const context = createSecureContext(contextOptions(match?.pair ?? this.#settings.defaultCertificate, behaviour));
    // Names come from clients: the cache holds what certificates cover, and little else.
    if (this.#contexts.size < 1_000) this.#contexts.set(serverName, context);
    return context;
  }
}

function nameCertificates(pairs: readonly CertificatePair[]): NamedContext[] {
  return pairs.map((pair) => {
    const certificate = new X509Certificate(pair.cert);
    return { pair, matches: (serverName: string) => certificate.checkHost(serverName) !== undefined };
  });
}

function contextOptions(pair: CertificatePair, behaviour: TlsBehaviour): SecureContextOptions {
  return {
    cert: pair.cert,
    key: pair.key,
    minVersion: behaviour.minVersion,
    ...(behaviour.maxVersion === undefined ? {} : { maxVersion: behaviour.maxVersion }),
    ...(behaviour.ciphers === undefined ? {} : { ciphers: behaviour.ciphers }),
    ...(behaviour.curves === undefined ? {} : { ecdhCurve: behaviour.curves }),
    ...(behaviour.clientAuth === undefined ? {} : { ca: [...behaviour.clientAuth.ca] }),
  };
}
