import type { Exchange } from '../../http/exchange.ts';
import type { DecisionFacts, McpFacts, RequestFacts } from '../../http/facts.ts';
import { ownString } from '../../http/name-table.ts';
import type { ByteWriter } from '../byte-writer.ts';
import { knownHttpMethod, splitUrl } from '../metrics/label-values.ts';
import { RecentFragments } from '../recent-fragments.ts';
import type { EndedRequest } from './ended-request.ts';
import { keys } from './span-keys.ts';
import { attribute, spanName } from './span-writer.ts';

/** The parts of spans that requests have in common. */

/** An operation as one side of the gateway sees it. */
export interface Operation {
  readonly exchange: Exchange;
  readonly side: 'server' | 'client';
  /** Version of HTTP. */
  readonly protocol: string;
  /** `error.type`; empty when all went well. */
  readonly error: string;
  readonly aliases: boolean;
}

/** The message, when it is an operation of MCP. */
export function operationOf({ mcp }: RequestFacts): McpFacts | undefined {
  return mcp !== undefined && mcp.method !== '' ? mcp : undefined;
}

/** Name and attributes, but for what each request has its own. */
export const operations = new RecentFragments({
  keep({ exchange, side, protocol, error, aliases }: Operation) {
    const mcp = operationOf(exchange.facts);
    return {
      side,
      protocol,
      error,
      aliases,
      mcp: mcp && {
        method: ownString(mcp.method),
        name: ownString(mcp.name),
        protocolVersion: ownString(mcp.protocolVersion),
        errorCode: mcp.errorCode,
      },
      httpMethod: exchange.method,
      router: exchange.facts.router,
    };
  },
  same(kept, { exchange, side, protocol, error, aliases }) {
    if (kept.protocol !== protocol || kept.error !== error || kept.aliases !== aliases) return false;
    const mcp = operationOf(exchange.facts);
    if (mcp === undefined)
      return (
        kept.mcp === undefined &&
        kept.side === side &&
        kept.httpMethod === exchange.method &&
        kept.router === exchange.facts.router
      );
    return (
      kept.mcp !== undefined &&
      kept.mcp.name === mcp.name &&
      kept.mcp.method === mcp.method &&
      kept.mcp.protocolVersion === mcp.protocolVersion &&
      kept.mcp.errorCode === mcp.errorCode
    );
  },
  encode(out, operation) {
    const { exchange, protocol, error, aliases } = operation;
    const mcp = operationOf(exchange.facts);
    spanName(out, mcp === undefined ? httpName(operation) : operationName(mcp));
    attribute(out, keys.transport, 'tcp');
    attribute(out, keys.protocol, 'http');
    attribute(out, keys.protocolVersion, protocol);
    if (error !== '') attribute(out, keys.error, error);
    if (mcp !== undefined) writeMessage(out, mcp, aliases);
  },
});

function writeMessage(out: ByteWriter, mcp: McpFacts, aliases: boolean): void {
  attribute(out, keys.method, mcp.method);
  if (mcp.protocolVersion !== undefined) attribute(out, keys.mcpVersion, mcp.protocolVersion);
  if (mcp.errorCode !== undefined) attribute(out, keys.rpcStatus, String(mcp.errorCode));
  if (mcp.method === 'tools/call') {
    attribute(out, keys.operation, 'execute_tool');
    if (mcp.name === undefined) return;
    attribute(out, keys.tool, mcp.name);
    if (aliases) attribute(out, keys.toolAlias, mcp.name);
  } else if (mcp.method === 'prompts/get' && mcp.name !== undefined) attribute(out, keys.prompt, mcp.name);
}

/** `{mcp.method.name} {target}`; a resource's URI is not in the name, there are too many of them. */
function operationName(mcp: McpFacts): string {
  return mcp.name === undefined ? mcp.method : `${mcp.method} ${mcp.name}`;
}

function httpName({ exchange, side }: Operation): string {
  const method = knownHttpMethod(exchange.method);
  const { router } = exchange.facts;
  return side === 'client' || router === undefined ? method : `${method} ${router}`;
}

/** Who asked what of which host. */
export const callers = new RecentFragments({
  keep: ({ clientAddress, target, entrypoint }: Exchange) => ({
    clientAddress,
    scheme: target.scheme,
    host: ownString(target.host),
    port: target.port,
    entrypoint,
  }),
  same: (kept, { clientAddress, target, entrypoint }) =>
    kept.clientAddress === clientAddress &&
    kept.host === target.host &&
    kept.port === target.port &&
    kept.scheme === target.scheme &&
    kept.entrypoint === entrypoint,
  encode(out, { clientAddress, target, entrypoint }) {
    attribute(out, keys.clientAddress, clientAddress);
    attribute(out, keys.scheme, target.scheme);
    attribute(out, keys.serverAddress, target.host);
    if (target.port !== undefined) attribute(out, keys.serverPort, target.port);
    attribute(out, keys.entrypoint, entrypoint);
  },
});

/** How a request went through the gateway. */
export const exchanges = new RecentFragments({
  keep: ({ status, exchange: { method, originalPath, facts } }: EndedRequest) => ({
    status,
    method,
    originalPath: ownString(originalPath),
    router: facts.router,
    service: facts.service,
  }),
  same: (kept, { status, exchange }) =>
    kept.status === status &&
    kept.originalPath === exchange.originalPath &&
    kept.method === exchange.method &&
    kept.router === exchange.facts.router &&
    kept.service === exchange.facts.service,
  encode(out, { status, exchange: { method, originalPath, facts } }) {
    attribute(out, keys.httpMethod, knownHttpMethod(method));
    attribute(out, keys.status, status);
    attribute(out, keys.path, originalPath);
    if (facts.router !== undefined) attribute(out, keys.router, facts.router);
    if (facts.service !== undefined) attribute(out, keys.service, facts.service);
  },
});

/** Which server was asked, and what it said. */
export const upstreams = new RecentFragments({
  keep: ({ method, facts: { serverUrl, originStatus } }: Exchange) => ({ method, serverUrl, originStatus }),
  same: (kept, { method, facts }) =>
    kept.serverUrl === facts.serverUrl && kept.originStatus === facts.originStatus && kept.method === method,
  encode(out, { method, facts: { serverUrl, originStatus } }) {
    const [address, port] = splitUrl(serverUrl);
    attribute(out, keys.upstreamAddress, address);
    attribute(out, keys.upstreamPort, Number(port));
    attribute(out, keys.httpMethod, knownHttpMethod(method));
    if (originStatus !== undefined) attribute(out, keys.originStatus, originStatus);
  },
});

/** A decision without its id. */
export const verdicts = new RecentFragments({
  keep: ({ outcome, reason, middleware, rule, ruleName }: DecisionFacts) => ({
    outcome,
    reason,
    middleware,
    rule,
    ruleName,
  }),
  same: (kept, decision) =>
    kept.rule === decision.rule &&
    kept.middleware === decision.middleware &&
    kept.outcome === decision.outcome &&
    kept.reason === decision.reason &&
    kept.ruleName === decision.ruleName,
  encode(out, decision) {
    attribute(out, keys.outcome, decision.outcome);
    attribute(out, keys.reason, decision.reason);
    attribute(out, keys.middleware, decision.middleware);
    if (decision.rule !== undefined) attribute(out, keys.rule, decision.rule);
    if (decision.ruleName !== undefined) attribute(out, keys.ruleName, decision.ruleName);
  },
});
