/**
 * Routing configuration ("dynamic") as pure data, whatever it was written in. Both providers translate into it; the
 * gateway builds a generation from it. Names are Traefik's.
 */
import type { Diagnostic, Position } from '../../errors.ts';

/** A path inside an object: keys and indexes. */
export type KeyPath = readonly (string | number)[];

/** A place in a file with the number of columns to underline there; never past the end of its line. */
export interface Span extends Position {
  readonly length?: number;
}

/** Which part of the thing at a path is meant. */
export interface LocateOptions {
  /** The key itself, not its value. */
  readonly key?: boolean;
  /** An index into the string value at the path, in UTF-16 units of the decoded value. */
  readonly offset?: number;
  /** How much of the string value, from `offset`. */
  readonly length?: number;
}

/** Where an object was written. `diagnose` (config/diagnose.ts) makes diagnostics from it. */
export interface Origin {
  /** `file` or `kubernetescrd`: the part after `@` in the names of what was written there. */
  readonly provider: string;
  /** How an operator calls it: `Middleware apps/deepwiki-mcp-jwt`. */
  readonly label: string;
  /** Finds a place in the operator's file (its name empty when there is none but a text to show); of a path that is not there, the nearest thing around it. */
  locate(path: KeyPath, options?: LocateOptions): Span | undefined;
  /** The text of a line of the file, for carets; what may be a secret is masked, column for column. */
  line(position: Position): string | undefined;
}

/** One named thing. */
export interface Item<Config> {
  /** Qualified: `apps-deepwiki-mcp-jwt@file`. */
  readonly name: string;
  readonly config: Config;
  readonly origin: Origin;
  /** Path inside the origin at which `config` stands; of a middleware, its options. */
  readonly path: KeyPath;
  /** Fields of `config` that are written under another path: `{ rule: ['spec', 'routes', 0, 'match'] }`, from the origin's root. */
  readonly fields?: Readonly<Record<string, KeyPath>> | undefined;
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
  /** Empty only when none could be read: the item then has a problem that says so. */
  readonly rule: string;
  /** Absent or 0: the rule's length. */
  readonly priority?: number | undefined;
  /** Qualified names, in order of execution. */
  readonly middlewares: readonly string[];
  /** Qualified name. Empty only when none could be read: the item then has a problem that says so. */
  readonly service: string;
  /** Present: the router answers only over TLS. */
  readonly tls?: { readonly options?: string | undefined } | undefined;
}

/** A middleware's type and its options as written, secret references already resolved. */
export interface MiddlewareConfig {
  /** `stripPrefix`, `plugin.jwt`, … */
  readonly type: string;
  readonly options: unknown;
  /** Paths inside `options` whose strings hold a resolved secret: never show them. */
  readonly secretPaths?: readonly KeyPath[] | undefined;
}

export type ServiceConfig =
  | { readonly kind: 'loadBalancer'; readonly loadBalancer: LoadBalancerConfig }
  | {
      readonly kind: 'weighted';
      readonly services: readonly WeightedService[];
      readonly sticky?: StickyConfig | undefined;
    }
  | { readonly kind: 'highestRandomWeight'; readonly services: readonly WeightedService[] }
  | {
      readonly kind: 'failover';
      readonly service: string;
      readonly fallback: string;
      readonly errors?:
        | { readonly status: readonly string[]; readonly maxRequestBodyBytes?: number | undefined }
        | undefined;
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
  /** On its way out (a terminating endpoint): only callers already bound to it are sent there. */
  readonly fenced?: boolean | undefined;
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
  /** `caFiles` are PEM texts, whatever they were referred to by; `type` is Traefik's word, for instance `RequireAndVerifyClientCert`. */
  readonly clientAuth?: { readonly caFiles: readonly string[]; readonly type: string } | undefined;
  readonly sniStrict: boolean;
  readonly alpnProtocols: readonly string[];
}
