import { anything, type Condition, nothing, type OpenFacts, type Possibility } from './condition.ts';
import { Facts, type PolicyRequest } from './facts.ts';
import type { OutcomeSet } from './outcome-set.ts';
import type { Path } from './path.ts';
import { fixed } from './possible-value.ts';

/**
 * The facts of a message of which only the method and the caller are known: the token, the address, the host and path.
 * Parameters, headers, the protocol version (a handshake has yet to settle it) and what is said about a tool are open.
 */
export class OpenMessage implements OpenFacts {
  readonly facts: Facts;

  constructor(request: PolicyRequest, method: string) {
    this.facts = new Facts(request, { method, params: new Map() });
  }

  at(path: Path): Possibility {
    const [root, field] = path.names;
    if (root === 'tool' || (root === 'http' && field === 'headers')) return anything;
    if (root === 'mcp' && field !== 'method' && field !== 'jsonrpc') return anything;
    const value = path.read(this.facts);
    return value === undefined ? nothing : { value: fixed(value), maybeAbsent: false };
  }

  possible(condition: Condition): OutcomeSet {
    return condition.possible(this);
  }
}
