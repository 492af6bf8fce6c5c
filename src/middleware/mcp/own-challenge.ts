import type { Reply } from '../../http/exchange.ts';

/** The parameter of a challenge that says where the metadata of a resource is (RFC 9728 §5.1), quoted or a token. */
const metadataParameter = /\bresource_metadata\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s,]+)/gi;

/**
 * An upstream that owns its OAuth points its challenges to its own metadata, which names its own URL. A client that came
 * through the gateway must refuse that document (RFC 9728 §3.3: the resource has to be the one it asked), so the
 * parameter is made to point to the metadata of the route. The rest of the challenge stays as it came.
 */
export function pointToOwnMetadata(reply: Reply, metadataUrl: string | undefined): void {
  if (metadataUrl === undefined || (reply.status !== 401 && reply.status !== 403)) return;
  const challenges = reply.headers.getAll('www-authenticate');
  const ours = challenges.map((value) => value.replace(metadataParameter, () => `resource_metadata="${metadataUrl}"`));
  if (ours.every((value, index) => value === challenges[index])) return;
  reply.headers.delete('www-authenticate');
  for (const value of ours) reply.headers.append('WWW-Authenticate', value);
}
