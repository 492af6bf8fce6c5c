import { Principal } from '../auth/principal.ts';
import { Clearance } from '../http/clearance.ts';
import type { Handler } from '../http/exchange.ts';
import { Decision } from '../policy/decision.ts';
import type { Service } from '../service/service.ts';

/**
 * The only way to a service. A caller without a `Principal`, or without an allowing `Decision` on a route whose policies
 * decide, cannot pass: both are classes that only `auth` and `policy` can make, so a forgotten step ends here as a fault,
 * not as an open door.
 */
export function gate(service: Service, options: { readonly needsDecision: boolean }): Handler {
  return (exchange) => {
    if (!Principal.is(exchange.identity)) throw new TypeError('no principal: the request was not authenticated');
    const { decision } = exchange;
    if (options.needsDecision && !(Decision.is(decision) && decision.outcome === 'allow')) {
      throw new TypeError('no decision: the request was not judged');
    }
    return service.handle(exchange, Clearance.stamp());
  };
}
