import { performance } from 'node:perf_hooks';
import type { HeaderFields } from './headers.ts';

/**
 * What is worth reporting about one request. Rooms write what they learn; logs, metrics, traces and audit read it when
 * the reply is done. Every field is declared up front so that all requests share one hidden class.
 */
export interface RequestFacts {
  /** Monotonic start in milliseconds (`performance.now()`). */
  readonly startedAt: number;
  /** Wall-clock start in milliseconds since 1970. */
  readonly startedAtWall: number;
  generation: number | undefined;
  router: string | undefined;
  service: string | undefined;
  /** Base URL of the upstream server that was asked. */
  serverUrl: string | undefined;
  originStatus: number | undefined;
  /** Milliseconds from sending to the upstream until its head arrived. */
  originDuration: number | undefined;
  retryAttempts: number;
  username: string | undefined;
  /** Short code for the first thing that went wrong, for instance `denied`, `upstream_timeout`, `jwt_expired`. */
  errorType: string | undefined;
  mcp: McpFacts | undefined;
  decision: DecisionFacts | undefined;
  /** Bytes of bodies, for logs and metrics. */
  requestBytes: number;
  replyBytes: number;
  /** Header fields that the client was sent, once they were. */
  replyHeaders: HeaderFields | undefined;
  /** When parts of the work began and ended, by the clock of `startedAt`; 0: not (yet). */
  authenticationStart: number;
  authenticationEnd: number;
  decisionStart: number;
  decisionEnd: number;
  originStart: number;
  originEnd: number;
  /** The trace that the request belongs to, when requests are traced. */
  trace: RequestTrace | undefined;
}

/** The place of one request in a distributed trace (W3C Trace Context). */
export interface RequestTrace {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  /** Of the span that stands for the request; 16 digits. */
  readonly spanId: string;
  readonly sampled: boolean;
  /** `traceparent` for the upstream: names the span of the call to it. */
  readonly upstreamParent: string;
  readonly state: string | undefined;
  /** True when the context is also written into `params._meta` of the message. */
  readonly intoMessage: boolean;
  /** True when arguments or results of operations are wanted, in the form that {@link RequestTrace.noteArguments} takes. */
  readonly wantsArguments: boolean;
  readonly wantsResults: boolean;
  /** The message names its own parent in `params._meta`: it goes before the one of the HTTP header, which becomes a link. */
  adopt(parent: string, state: string | undefined): void;
  /** Takes the arguments of an operation as redacted text. */
  noteArguments(text: string): void;
  /** Takes the result of an operation as redacted text. */
  noteResult(text: string): void;
}

export interface McpFacts {
  kind: 'request' | 'notification' | 'response' | 'stream' | 'end-session';
  era: 'legacy' | 'modern';
  method: string;
  /** Tool or prompt name, when the method has one. */
  name: string | undefined;
  /** Whether the upstream's lists hold the tool or prompt of that name; undefined while none has been seen. */
  offered: boolean | undefined;
  uri: string | undefined;
  requestId: string | undefined;
  sessionId: string | undefined;
  protocolVersion: string | undefined;
  /** JSON-RPC error code of the answer, ours or the upstream's. */
  errorCode: number | undefined;
  /** True when a tool result said `isError`. */
  toolError: boolean;
  /** List items not shown to this caller. */
  hidden: number;
}

export interface DecisionFacts {
  /** Unique: the exchange's id, a dash, and the number in base 36. */
  readonly id: string;
  readonly number: number;
  readonly outcome: 'allow' | 'deny';
  /** `rule`, `default` or `lifecycle`. */
  readonly reason: string;
  /** Index of the rule that decided, and its name if it has one. */
  readonly rule: number | undefined;
  readonly ruleName: string | undefined;
  readonly middleware: string;
}

export function newFacts(): RequestFacts {
  return {
    startedAt: performance.now(),
    startedAtWall: Date.now(),
    generation: undefined,
    router: undefined,
    service: undefined,
    serverUrl: undefined,
    originStatus: undefined,
    originDuration: undefined,
    retryAttempts: 0,
    username: undefined,
    errorType: undefined,
    mcp: undefined,
    decision: undefined,
    requestBytes: 0,
    replyBytes: 0,
    replyHeaders: undefined,
    authenticationStart: 0,
    authenticationEnd: 0,
    decisionStart: 0,
    decisionEnd: 0,
    originStart: 0,
    originEnd: 0,
    trace: undefined,
  };
}
