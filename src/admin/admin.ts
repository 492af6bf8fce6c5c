import { isIP } from 'node:net';
import { isApiServed } from '../config/static/cross-check.ts';
import type { StaticConfiguration } from '../config/static/schema.ts';
import type { Exchange, Handler, Middleware, Reply } from '../http/exchange.ts';
import { textReply } from '../http/refusal.ts';
import type { AdminFacts } from './admin-facts.ts';
import { type ApiDocument, apiDocuments } from './api.ts';

/**
 * Serves `/ping` and the read-only API on the entrypoints that the install options name: the admin entrypoint unless asked
 * otherwise, never a public one by accident. Undefined when this entrypoint serves nothing of that.
 */
export function adminHandler(configuration: StaticConfiguration, facts: AdminFacts): Middleware | undefined {
  const { api, ping } = configuration;
  const here = (name: string | undefined): boolean => (name === undefined ? facts.isAdmin : name === facts.entrypoint);
  const servesPing = ping !== undefined && !ping.manualRouting && here(ping.entryPoint);
  const servesApi = api !== undefined && isApiServed(configuration) && here(api.entryPoint);
  const { extra } = facts;
  if (!servesPing && !servesApi && extra.size === 0) return undefined;

  const documents = apiDocuments(configuration, facts);
  const base = api === undefined || api.basePath === '/' ? '' : api.basePath;
  const loopback = isLoopbackAddress(facts, configuration);

  return (next: Handler): Handler =>
    async (exchange) => {
      const ours =
        (servesPing && exchange.path === '/ping') ||
        extra.has(exchange.path) ||
        (servesApi && `${exchange.path}/`.startsWith(`${base}/api/`));
      if (!ours) return next(exchange);
      const wrong = refuseForeign(exchange, loopback);
      if (wrong !== undefined) return wrong;
      if (exchange.method !== 'GET' && exchange.method !== 'HEAD')
        return textReply(405, '', undefined, [['Allow', 'GET, HEAD']]);
      if (exchange.path === '/ping') {
        const status = facts.terminating() ? (ping?.terminatingStatusCode ?? 503) : 200;
        return textReply(status, status === 200 ? 'OK' : 'terminating');
      }
      const more = extra.get(exchange.path);
      if (more !== undefined) return more(exchange);
      return documentReply(exchange, exchange.path.slice(base.length), documents);
    };
}

function documentReply(exchange: Exchange, path: string, documents: ApiDocument): Reply {
  const document = documents(path, new URLSearchParams(exchange.query));
  const json = 'application/json';
  if (document === undefined) return textReply(404, '{"error":"not found"}\n', json);
  return textReply(200, `${JSON.stringify(document.value)}\n`, json, [
    ['Cache-Control', 'no-store'],
    ...document.headers,
  ]);
}

/**
 * DNS rebinding: a page of a foreign site can make a browser send requests to a loopback port under the site's own name.
 * A port that only this machine can reach therefore answers only to addresses and `localhost`, and never to other origins.
 */
function refuseForeign(exchange: Exchange, loopback: boolean): Reply | undefined {
  const { host } = exchange.target;
  if (loopback && isIP(host) === 0 && host !== 'localhost' && !host.endsWith('.localhost'))
    return textReply(404, '404 page not found\n');
  const origin = exchange.headers.get('origin');
  if (origin !== undefined && origin !== `${exchange.target.scheme}://${exchange.target.authority}`)
    return textReply(403, '');
  return undefined;
}

function isLoopbackAddress(facts: AdminFacts, configuration: StaticConfiguration): boolean {
  const address = configuration.entryPoints[facts.entrypoint]?.address ?? '';
  return /^(127\.|localhost:|\[::1\])/.test(address);
}
