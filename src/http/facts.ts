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
}

export interface McpFacts {
  kind: 'request' | 'notification' | 'response' | 'stream' | 'end-session';
  era: 'legacy' | 'modern';
  method: string;
  /** Tool or prompt name, when the method has one. */
  name: string | undefined;
  /** True once the upstream has listed the tool or prompt of that name, or answered a call of it: then it may be a metric label. */
  offered: boolean;
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
  id: string;
  outcome: 'allow' | 'deny';
  /** `rule`, `default` or `lifecycle`. */
  reason: string;
  /** Index of the rule that decided, and its name if it has one. */
  rule: number | undefined;
  ruleName: string | undefined;
  middleware: string;
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
  };
}
