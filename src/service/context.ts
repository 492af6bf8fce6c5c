import type { ServersTransportConfig } from '../config/dynamic/model.ts';
import type { Logger } from '../telemetry/log.ts';
import type { NameLookup } from './name-cache.ts';
import type { ServerChange } from './service.ts';

/** What services need from the installation. */
export interface ServicesContext {
  readonly log: Logger;
  /** Transport of services that name none. Absent: {@link standardTransport}. */
  readonly serversTransport?: ServersTransportConfig | undefined;
  /** Connections to `host:port` go to `toHost:toPort` instead; Host and the name that TLS checks stay. */
  readonly resolve?: readonly ConnectRule[] | undefined;
  /** Hears of servers that come and go. Must not throw. */
  readonly onServerChange?: ((change: ServerChange) => void) | undefined;
  /** Looks names up; the system's resolver unless given. */
  readonly lookup?: NameLookup | undefined;
  readonly limits?: Partial<ServiceLimits> | undefined;
}

/** One rule of the install option `resolve`; hosts in lower case, IPv6 without brackets. */
export interface ConnectRule {
  readonly host: string;
  readonly port: number;
  readonly toHost: string;
  readonly toPort: number;
}

/** Bounds on what one request may cost. */
export interface ServiceLimits {
  /** Bytes of an answer's head; more is a 502. */
  readonly responseHead: number;
  /** Informational (1xx) answers before the real one; more is a 502. */
  readonly informational: number;
  /** Milliseconds that a call goes on after its client has gone, where it goes on at all. */
  readonly orphanTime: number;
  /** Bytes of an answer that are read, and thrown away, after its client has gone. */
  readonly orphanBytes: number;
  /** Bytes of a request body kept to send it to a second service (`failover` by status, `mirroring`). */
  readonly replayBody: number;
}

export const standardLimits: ServiceLimits = {
  responseHead: 64 * 1024,
  informational: 8,
  orphanTime: 600_000,
  orphanBytes: 16 * 1024 * 1024,
  replayBody: 1024 * 1024,
};

export const standardTransport: ServersTransportConfig = {
  insecureSkipVerify: false,
  rootCAs: [],
  certificates: [],
  maxIdleConnsPerHost: 200,
  disableHTTP2: false,
  cipherSuites: [],
  forwardingTimeouts: { dialTimeout: 30_000, responseHeaderTimeout: 0, idleConnTimeout: 90_000 },
};
