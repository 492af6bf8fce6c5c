import { readQueryToken, withoutParameter } from '../../auth/bearer.ts';
import type { Exchange } from '../../http/exchange.ts';
import { Refusal } from '../../http/refusal.ts';

/** Where a client puts its API key. */
export interface ApiKeySource {
  /** Reads the key and takes it out of the request: it is the gateway's, not the upstream's. */
  take(exchange: Exchange): string | undefined;
}

/** From a header, behind a scheme when one is named (case does not matter, RFC 9110 §11.1). */
export function headerSource(name: string, scheme: string | undefined): ApiKeySource {
  const lower = name.toLowerCase();
  const prefix = scheme === undefined ? undefined : `${scheme.toLowerCase()} `;
  return {
    take(exchange) {
      const [value, second] = exchange.headers.getAll(lower);
      if (second !== undefined) throw ambiguous();
      exchange.headers.delete(lower);
      if (value === undefined || prefix === undefined) return value?.trim();
      return value.toLowerCase().startsWith(prefix) ? value.slice(prefix.length).trim() : undefined;
    },
  };
}

/** From a query parameter. */
export function querySource(parameter: string): ApiKeySource {
  return {
    take(exchange) {
      const key = readQueryToken(exchange.query, parameter);
      exchange.query = withoutParameter(exchange.query, parameter);
      return key;
    },
  };
}

/** From a cookie (RFC 6265 §5.4). The other cookies stay. */
export function cookieSource(name: string): ApiKeySource {
  return {
    take(exchange) {
      const pairs = exchange.headers
        .getAll('cookie')
        .flatMap((header) => header.split(';'))
        .map((pair) => pair.trim())
        .filter((pair) => pair !== '');
      const ours = pairs.filter((pair) => pair.startsWith(`${name}=`));
      if (ours.length > 1) throw ambiguous();
      const [found] = ours;
      if (found === undefined) return undefined;
      const others = pairs.filter((pair) => pair !== found);
      if (others.length === 0) exchange.headers.delete('cookie');
      else exchange.headers.set('Cookie', others.join('; '));
      return found.slice(name.length + 1).replace(/^"(.*)"$/, '$1');
    },
  };
}

function ambiguous(): Refusal {
  return new Refusal(400, 'credential_ambiguous');
}
