import type { Exchange } from '../../http/exchange.ts';
import type { JsonObject } from '../../http/json.ts';
import type { PolicyRequest } from '../../policy/index.ts';

/** The same question for later: the chain behind may still change the headers of the exchange. */
export function lastingQuestion(question: PolicyRequest, exchange: Exchange): PolicyRequest {
  const headers = exchange.headers.clone();
  return {
    ...question,
    exchange: undefined,
    http: { ...question.http, header: (lowerName) => headers.getAll(lowerName) },
  };
}

const emptyMessage: JsonObject = new Map();

/** What is asked of the policies: who wants what. */
export function questionOf(
  exchange: Exchange,
  asked: {
    readonly kind: PolicyRequest['kind'];
    readonly message?: JsonObject | undefined;
    readonly protocolVersion: string | undefined;
    readonly route: string;
    readonly toolAnnotations: (name: string) => JsonObject | undefined;
  },
): PolicyRequest {
  const claims = exchange.identity?.claims;
  return {
    kind: asked.kind,
    mcp: asked.message ?? emptyMessage,
    jwt: claims === undefined || claims.size === 0 ? undefined : claims,
    http: {
      method: exchange.method,
      host: exchange.target.host,
      path: exchange.path,
      header: (lowerName) => exchange.headers.getAll(lowerName),
    },
    client: { ip: exchange.clientAddress },
    protocolVersion: asked.protocolVersion,
    toolAnnotations: asked.toolAnnotations,
    route: asked.route,
    exchange,
    subject: exchange.identity?.subject,
  };
}
