import type { McpFacts } from '../../http/facts.ts';
import { isObject } from '../../http/json.ts';
import type { Message } from '../../mcp/envelope.ts';
import type { Era } from '../../mcp/era.ts';
import { idText } from '../../mcp/replies.ts';

/** What one exchange is about. */
export interface Matter {
  readonly message: Message | undefined;
  readonly kind: McpFacts['kind'];
  readonly era: Era;
  readonly version: string | undefined;
}

/** The version that a client asks for in its handshake. */
export function handshakeVersion(message: Message): string | undefined {
  if (message.kind === 'response' || message.method !== 'initialize') return undefined;
  const version = message.params?.get('protocolVersion');
  return typeof version === 'string' ? version : undefined;
}

/** What telemetry is told about it. */
export function factsOf({ message, kind, era, version }: Matter): McpFacts {
  const call = message?.kind === 'response' ? undefined : message;
  const naming = call?.facts.naming;
  const ref = naming === 'ref' ? call?.params?.get('ref') : undefined;
  const source = isObject(ref) ? ref : call?.params;
  const text = (key: 'name' | 'uri'): string | undefined => {
    const value = naming === undefined || naming === 'taskId' ? undefined : source?.get(key);
    return typeof value === 'string' ? value : undefined;
  };
  return {
    kind,
    era,
    method: call?.method ?? '',
    name: text('name'),
    uri: text('uri'),
    requestId: idText(message?.id),
    sessionId: undefined,
    protocolVersion: version,
    errorCode: undefined,
    toolError: false,
    offered: undefined,
    hidden: 0,
  };
}
