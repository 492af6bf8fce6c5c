import type { Exchange, Reply } from '../http/exchange.ts';
import { Refusal, textReply } from '../http/refusal.ts';
import { statusText } from '../http/status-text.ts';

/** The path and query as they stand, for URLs that are sent back. */
export function requestUri(exchange: Exchange): string {
  return exchange.path + exchange.query;
}

/** The host as it is written in a URL. */
export function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/**
 * The answer that sends a client elsewhere. GET: 302, permanently 301; other methods 307 and 308, which keep method and body
 * (RFC 9110 §15.4).
 */
export function redirectReply(exchange: Exchange, location: string, permanent: boolean): Reply {
  if (/[^\x21-\x7e]/.test(location)) throw new Refusal(400, 'bad_redirect', { body: 'Bad Request' });
  const get = exchange.method === 'GET';
  const status = permanent ? (get ? 301 : 308) : get ? 302 : 307;
  return textReply(status, statusText(status) ?? '', 'text/plain; charset=utf-8', [['Location', location]]);
}
