import { FALSE, type ObjectValue, print, TRUE } from '../../expression/index.ts';
import { ABSENT, type ChangeCondition, type ConditionLiteral, jsonText } from '../../policy/analysis/index.ts';
import type { PolicyRequest } from '../../policy/index.ts';

/** One example request in a line or two: who asks what. */
export function exampleText({ kind, mcp, jwt, http, client, protocolVersion, toolAnnotations }: PolicyRequest): string {
  const name = (mcp.get('params') as ObjectValue | undefined)?.get?.('name');
  const hints = typeof name === 'string' ? toolAnnotations?.(name) : undefined;
  const extra = [
    client.ip === undefined ? undefined : `from ${client.ip}`,
    protocolVersion === undefined ? undefined : `protocol version ${protocolVersion}`,
    http.host === 'mcp.localhost' ? undefined : `host ${http.host}`,
    http.path === '/mcp' ? undefined : `path ${http.path}`,
    hints === undefined ? undefined : `annotations ${jsonText(hints)}`,
  ].filter((each) => each !== undefined);
  const what =
    mcp.size === 0 ? (kind === 'stream' ? 'opens the stream' : 'ends the session') : `sends ${jsonText(mcp)}`;
  const who = jwt === undefined ? 'a caller without claims' : `a caller with ${jsonText(jwt)}`;
  return `${who} ${what}${extra.length === 0 ? '' : `, ${extra.join(', ')}`}`;
}

/** A condition with the part about the caller first. */
export function conditionText({ literals }: ChangeCondition): string {
  if (literals.length === 0) return 'whatever is asked, whoever asks';
  const ordered = [...literals].sort((a, b) => rank(a) - rank(b));
  return ordered.map(literalText).join(' and ');
}

function rank({ variable }: ConditionLiteral): number {
  return variable.atom.path.names[0] === 'jwt' ? 0 : 1;
}

function literalText({ variable: { atom, domain }, states }: ConditionLiteral): string {
  const text = print(atom.condition.call);
  const has = (state: (typeof states)[number]) => states.includes(state);
  if (!has(TRUE) && domain.every((state) => state === TRUE || has(state)))
    return states.length === 1 && has(FALSE) ? `!${text}` : `${text} does not hold`;
  const words = states.map((state) => {
    if (state === ABSENT) return `nothing at ${atom.path.text}`;
    return state === TRUE ? text : state === FALSE ? `!${text}` : `${text} cannot be judged`;
  });
  return words.length === 1 ? words.join('') : `(${words.join(' or ')})`;
}
