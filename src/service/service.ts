import type { Clearance } from '../http/clearance.ts';
import type { Exchange, Reply } from '../http/exchange.ts';

/** The upstream MCP servers behind a router, whatever stands in between: one balancer, or several services combined. */
export interface Service {
  /** Qualified name, for instance `apps-deepwiki@file`. */
  readonly name: string;
  /** `loadBalancer`, `weighted`, … */
  readonly kind: string;
  /**
   * Sends the request to a server and resolves once the head of the answer is there. Rejects with a `Refusal` (502, 503,
   * 504; 499 when the client went first) whose `errorType` begins with `upstream_`. Throws without clearance.
   */
  handle(exchange: Exchange, clearance: Clearance): Promise<Reply>;
  /** False when no server could be asked right now. */
  available(): boolean;
  /** The servers behind this service, those of inner services included, each once. */
  status(): ServerStatus[];
}

/** How a server stands, for the admin API. */
export interface ServerStatus {
  /** Base URL as configured. */
  readonly url: string;
  readonly weight: number;
  /** `up`, `down` (active checks), `failing` (passive checks), `fenced` (only for callers bound to it). */
  readonly state: 'up' | 'down' | 'failing' | 'fenced';
  /** Requests that are being answered now, open streams included. */
  readonly inFlight: number;
  /** Connections that are open, used or not. */
  readonly connections: number;
}

/** A server came or went, for telemetry and the log. */
export interface ServerChange {
  readonly service: string;
  readonly url: string;
  readonly up: boolean;
  /** Which check said so. */
  readonly by: 'active' | 'passive';
  /** Why, in a few words for an operator; never holds a secret. */
  readonly reason: string;
}
