import { performance } from 'node:perf_hooks';
import { anonymousPrincipal } from '../auth/principal.ts';
import type { Handler, Middleware } from '../http/exchange.ts';
import { checkOrigin } from '../mcp/origin.ts';
import type { BuiltMiddleware } from './build-middlewares.ts';

/** What a route's start needs to know from its middlewares. */
export interface RouteFacts {
  readonly router: string;
  readonly service: string;
  readonly generation: number;
}

/**
 * Nests a route's middlewares around the way to its service, once. Before the first middleware runs, the exchange learns
 * what the whole route knows: its resource, its allowed origins, and that nobody has to say who they are when no
 * middleware asks (the anonymous principal is made here, on purpose).
 */
export function chainRoute(middlewares: readonly BuiltMiddleware[], end: Handler, facts: RouteFacts): Handler {
  let handler = end;
  for (const one of middlewares.toReversed())
    handler = one.authenticates ? timeAuthentication(one.middleware, handler) : one.middleware(handler);
  const next = handler;

  const authenticates = middlewares.some((one) => one.authenticates);
  const decides = middlewares.some((one) => one.decides);
  const routeResource = middlewares.map((one) => one.routeResource).find((one) => one !== undefined);
  const routeScopes = middlewares.map((one) => one.routeScopes).find((one) => one !== undefined);
  const tests = middlewares.map((one) => one.allowedOrigins).filter((one) => one !== undefined);
  const allowedOrigins = tests.length === 0 ? undefined : (origin: string) => tests.some((test) => test(origin));

  return (exchange) => {
    exchange.facts.router = facts.router;
    exchange.facts.service = facts.service;
    exchange.facts.generation = facts.generation;
    exchange.routeResource = routeResource;
    exchange.routeScopes = routeScopes;
    exchange.allowedOrigins = allowedOrigins;
    // A foreign page is turned away before it can learn anything, authentication included (data-plane §2).
    if (decides) checkOrigin(exchange);
    if (!authenticates) exchange.identity = anonymousPrincipal();
    return next(exchange);
  };
}

/** Notes when authentication begins and when it has let a request through. */
function timeAuthentication(middleware: Middleware, next: Handler): Handler {
  const handler = middleware((exchange) => {
    exchange.facts.authenticationEnd = performance.now();
    return next(exchange);
  });
  return (exchange) => {
    exchange.facts.authenticationStart = performance.now();
    return handler(exchange);
  };
}
