/**
 * Routing configuration ("dynamic") as pure data, whatever it was written in. Both providers translate into it; the
 * gateway builds a generation from it. Names are Traefik's.
 */
import type { Diagnostic, Position } from '../../errors.ts';

/** A path inside an object: keys and indexes. */
export type KeyPath = readonly (string | number)[];

/** Where an object was written. */
export interface Origin {
  /** `file` or `kubernetescrd`. */
  readonly provider: string;
  /** How an operator calls it: `Middleware apps/deepwiki-mcp-jwt`. */
  readonly label: string;
  /** Finds a place in the operator's file. `range` indexes into the string value at `path`; `key` points at the key itself. */
  locate(path: KeyPath, options?: { key?: boolean; offset?: number }): Position | undefined;
  /** The text of a line of the file (1-based), for carets. */
  line(position: Position): string | undefined;
}

/** One named thing. */
export interface Item<Config> {
  /** Qualified: `apps-deepwiki-mcp-jwt@file`. */
  readonly name: string;
  readonly config: Config;
  readonly origin: Origin;
  /** Path inside the origin at which `config` stands. */
  readonly path: KeyPath;
  /** Problems found while decoding. With an error among them the item is broken: what uses it is closed. */
  readonly problems: readonly Diagnostic[];
}

export interface DynamicConfiguration {
  readonly routers: ReadonlyMap<string, Item<RouterConfig>>;
  readonly services: ReadonlyMap<string, Item<ServiceConfig>>;
  readonly middlewares: ReadonlyMap<string, Item<MiddlewareConfig>>;
  readonly serversTransports: ReadonlyMap<string, Item<ServersTransportConfig>>;
  readonly tls: TlsConfig;
  /** Problems that belong to no item above: unknown kinds, unreadable documents that concern only themselves. */
  readonly problems: readonly Diagnostic[];
}

export interface RouterConfig {
  /** Empty: all default entrypoints. */
  readonly entryPoints: readonly string[];
  readonly rule: string;
  /** Absent or 0: the rule's length. */
  readonly priority?: number | undefined;
  /** Qualified names, in order of execution. */
  readonly middlewares: readonly string[];
  /** Qualified name. */
  readonly service: string;
  /** Present: the router answers only over TLS. */
  readonly tls?: { readonly options?: string | undefined } | undefined;
}

/** A middleware's type and its options as written, secret references already resolved. */
export interface MiddlewareConfig {
  /** `stripPrefix`, `plugin.jwt`, … */
  readonly type: string;
  readonly options: unknown;
}

export type ServiceConfig =
  | { readonly kind: 'loadBalancer'; readonly loadBalancer: LoadBalancerConfig }
  | { readonly kind: 'weighted'; readonly services: readonly WeightedService[]; readonly sticky?: StickyConfig | undefined }
  | { readonly kind: 'highestRandomWeight'; readonly services: readonly WeightedService[] }
  | {
      readonly kind: 'failover';
      readonly service: string;
      readonly fallback: string;
      readonly errors?: { readonly status: readonly string[]; readonly maxRequestBodyBytes?: number | undefined } | undefined;
    }
  | {
      readonly kind: 'mirroring';
      readonly service: string;
      readonly mirrors: readonly { readonly name: string; readonly percent: number }[];
      readonly mirrorBody: boolean;
      readonly maxBodySize: number;
    };

export interface WeightedService {
  /** Qualified name. */
  readonly name: string;
  readonly weight: number;
}

export interface LoadBalancerConfig {
  readonly servers: readonly ServerConfig[];
  readonly strategy: 'wrr' | 'p2c' | 'hrw' | 'leasttime';
  readonly sticky?: StickyConfig | undefined;
  readonly healthCheck?: HealthCheckConfig | undefined;
  readonly passiveHealthCheck?: { readonly failureWindow: number; readonly maxFailedAttempts: number } | undefined;
  readonly passHostHeader: boolean;
  /** Qualified name of a servers transport, or absent for the install default. */
  readonly serversTransport?: string | undefined;
}

export interface ServerConfig {
  /** `http://10.0.0.1:8080` or `https://mcp.deepwiki.com:443`; `h2c://` for cleartext HTTP/2. */
  readonly url: string;
  readonly weight: number;
  readonly preservePath?: boolean | undefined;
}

export interface StickyConfig {
  readonly cookie: {
    readonly name?: string | undefined;
    readonly secure: boolean;
    readonly httpOnly: boolean;
    readonly sameSite?: 'none' | 'lax' | 'strict' | undefined;
    readonly maxAge: number;
    readonly path: string;
    readonly domain?: string | undefined;
  };
}

/** Durations in milliseconds. */
export interface HealthCheckConfig {
  readonly scheme?: string | undefined;
  readonly path: string;
  readonly method: string;
  readonly status?: number | undefined;
  readonly port?: number | undefined;
  readonly interval: number;
  readonly unhealthyInterval?: number | undefined;
  readonly timeout: number;
  readonly hostname?: string | undefined;
  readonly followRedirects: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

/** How to talk to servers. Durations in milliseconds; 0 means no limit. */
export interface ServersTransportConfig {
  readonly serverName?: string | undefined;
  readonly insecureSkipVerify: boolean;
  /** PEM texts. */
  readonly rootCAs: readonly string[];
  readonly certificates: readonly { readonly cert: string; readonly key: string }[];
  readonly maxIdleConnsPerHost: number;
  readonly disableHTTP2: boolean;
  readonly minVersion?: string | undefined;
  readonly maxVersion?: string | undefined;
  readonly cipherSuites: readonly string[];
  readonly forwardingTimeouts: {
    readonly dialTimeout: number;
    readonly responseHeaderTimeout: number;
    readonly idleConnTimeout: number;
  };
}

export interface TlsConfig {
  readonly certificates: readonly Item<TlsCertificateConfig>[];
  /** By qualified name; `default` applies to all entrypoints with TLS. */
  readonly options: ReadonlyMap<string, Item<TlsOptionsConfig>>;
  readonly defaultCertificate?: Item<TlsCertificateConfig> | undefined;
}

/** PEM texts. */
export interface TlsCertificateConfig {
  readonly cert: string;
  readonly key: string;
}

export interface TlsOptionsConfig {
  readonly minVersion: 'VersionTLS12' | 'VersionTLS13';
  readonly maxVersion?: 'VersionTLS12' | 'VersionTLS13' | undefined;
  readonly cipherSuites: readonly string[];
  readonly curvePreferences: readonly string[];
  readonly clientAuth?: { readonly caFiles: readonly string[]; readonly type: string } | undefined;
  readonly sniStrict: boolean;
  readonly alpnProtocols: readonly string[];
}
