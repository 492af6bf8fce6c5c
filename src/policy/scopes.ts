import { isArray, type ObjectValue, type Value } from '../expression/index.ts';
import type { Condition } from './condition.ts';
import type { PolicyRequest } from './facts.ts';
import { Facts } from './facts.ts';
import { resolveOperand } from './operand.ts';
import type { Rule } from './rule.ts';

/** Claims in which authorization servers write scopes: RFC 9068 section 2.2.3 and a common variant. */
const scopeClaims: ReadonlySet<string> = new Set(['scope', 'scp']);
const membership: ReadonlySet<string> = new Set(['SplitContains', 'Contains', 'OneOf']);

/** One scope a rule asks for, and the claim it asks in. */
interface Wish {
  readonly claim: string;
  readonly scope: string;
}

/**
 * Finds what scope would cure a denial: the first scope that some rule asks for and that alone makes `allowed` true for the
 * request, else all of them together, else none. The scopes come from the policies, never from the request.
 */
export function findCuringScopes(
  rules: readonly Rule[],
  request: PolicyRequest,
  allowed: (request: PolicyRequest) => boolean,
): readonly string[] {
  const { jwt } = request;
  if (jwt === undefined) return [];
  const facts = new Facts(request);
  const wishes = rules.flatMap((rule) => [...rule.program.leaves.values()].flatMap((leaf) => wishesOf(leaf, facts)));
  const cures = (some: readonly Wish[]) => allowed({ ...request, jwt: some.reduce(grant, jwt) });
  const one = wishes.find((wish) => cures([wish]));
  if (one !== undefined) return [one.scope];
  return wishes.length > 1 && cures(wishes) ? [...new Set(wishes.map(({ scope }) => scope))] : [];
}

/** The scopes a condition asks for: texts that can stand in a scope list, as the last value of a test for membership. */
function wishesOf({ function: { name }, path, operands }: Condition, facts: Facts): Wish[] {
  const [root, claim = '', ...deeper] = path.names;
  if (root !== 'jwt' || deeper.length > 0 || !scopeClaims.has(claim) || !membership.has(name)) return [];
  const wanted = name === 'OneOf' ? operands : operands.slice(-1);
  return wanted.flatMap((operand) => {
    const scope = resolveOperand(operand, facts);
    return typeof scope === 'string' && isScopeToken(scope) ? [{ claim, scope }] : [];
  });
}

/** RFC 6749 section 3.3: visible ASCII without the double quote and the backslash. */
function isScopeToken(text: string): boolean {
  return /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text);
}

/** The claims as they would be with one scope more. */
function grant(claims: ObjectValue, { claim, scope }: Wish): ObjectValue {
  return new Map([...claims, [claim, withScope(claims.get(claim), scope)]]);
}

function withScope(granted: Value | undefined, scope: string): Value {
  if (isArray(granted)) return [...granted, scope];
  return typeof granted === 'string' && granted !== '' ? `${granted} ${scope}` : scope;
}
