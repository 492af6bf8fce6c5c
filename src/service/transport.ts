import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureVersion } from 'node:tls';
import type { ServersTransportConfig } from '../config/dynamic/model.ts';
import { ConnectionPool } from './connection-pool.ts';
import type { ConnectRule } from './context.ts';
import { Dialler, type DialSecurity } from './dial.ts';
import type { NameCache } from './name-cache.ts';
import type { ServerAddress } from './server.ts';

const versions: Readonly<Record<string, SecureVersion>> = {
  VersionTLS10: 'TLSv1',
  VersionTLS11: 'TLSv1.1',
  VersionTLS12: 'TLSv1.2',
  VersionTLS13: 'TLSv1.3',
};

/** How one servers transport talks to servers: TLS settings and timeouts, compiled once. */
export class Transport {
  readonly #config: ServersTransportConfig;
  readonly #security: DialSecurity;
  readonly #names: NameCache;
  readonly #rules: readonly ConnectRule[];
  readonly #maxHead: number;

  /** Throws when certificates, keys, ciphers or versions cannot be used. */
  constructor(
    config: ServersTransportConfig,
    shared: { readonly names: NameCache; readonly rules: readonly ConnectRule[]; readonly maxHead: number },
  ) {
    this.#config = config;
    this.#security = compileSecurity(config);
    this.#names = shared.names;
    this.#rules = shared.rules;
    this.#maxHead = shared.maxHead;
  }

  /** Makes the pool of connections to one server. */
  connect(address: ServerAddress): ConnectionPool {
    const { forwardingTimeouts, maxIdleConnsPerHost } = this.#config;
    const rule = this.#rules.find(({ host, port }) => host === address.hostname && port === address.port);
    const via = rule === undefined ? undefined : { host: rule.toHost, port: rule.toPort };
    const { secure, hostname, port } = address;
    return new ConnectionPool({
      dialler: new Dialler(
        { secure, hostname, port, via },
        this.#security,
        this.#names,
        forwardingTimeouts.dialTimeout,
      ),
      // 0 is "not set", below 0 "none", as in Traefik.
      maxIdle: maxIdleConnsPerHost === 0 ? 200 : Math.max(0, maxIdleConnsPerHost),
      idleTimeout: forwardingTimeouts.idleConnTimeout,
      headTimeout: forwardingTimeouts.responseHeaderTimeout,
      maxHead: this.#maxHead,
    });
  }
}

function compileSecurity(config: ServersTransportConfig): DialSecurity {
  const { minVersion, maxVersion, rootCAs, certificates, cipherSuites } = config;
  for (const [index, pem] of rootCAs.entries()) checkAuthority(pem, index);
  const context = createSecureContext({
    // As in Traefik, given authorities stand alone: whoever pins a private one does not trust the public ones too.
    ...(rootCAs.length > 0 ? { ca: [...rootCAs] } : {}),
    ...(certificates.length > 0
      ? { cert: certificates.map(({ cert }) => cert), key: certificates.map(({ key }) => key) }
      : {}),
    ...(cipherSuites.length > 0 ? { ciphers: cipherSuites.join(':') } : {}),
    minVersion: minVersion === undefined ? 'TLSv1.2' : readVersion(minVersion),
    ...(maxVersion === undefined ? {} : { maxVersion: readVersion(maxVersion) }),
  });
  return { context, serverName: config.serverName, verify: !config.insecureSkipVerify };
}

/** Node takes no notice of an authority that it cannot read; the operator would, at the first request. */
function checkAuthority(pem: string, index: number): void {
  try {
    new X509Certificate(pem);
  } catch {
    throw new TypeError(`rootCAs[${index}] holds no certificate`);
  }
}

function readVersion(name: string): SecureVersion {
  const version = versions[name];
  if (version === undefined)
    throw new TypeError(`${name} is no TLS version; known: ${Object.keys(versions).join(', ')}`);
  return version;
}
