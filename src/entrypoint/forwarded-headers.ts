import { hostname } from 'node:os';
import ipaddr from 'ipaddr.js';
import type { RequestTarget } from '../http/exchange.ts';
import type { HeaderFields } from '../http/headers.ts';

const forwardedNames = new Set(['forwarded', 'x-real-ip', 'x-original-url', 'x-rewrite-url']);
const serverName = hostname();

/** Says whether a peer may tell us who the client is. */
export type TrustTest = (peerAddress: string) => boolean;

/** Compiles the trusted addresses and ranges of an entrypoint. `insecure` trusts everybody. */
export function compileTrust(options: { trustedIPs: readonly string[]; insecure: boolean }): TrustTest {
  if (options.insecure) return () => true;
  if (options.trustedIPs.length === 0) return () => false;
  const ranges = options.trustedIPs.map((text) =>
    text.includes('/') ? ipaddr.parseCIDR(text) : ([ipaddr.parse(text), text.includes(':') ? 128 : 32] as const),
  );
  return (peerAddress) => {
    if (!ipaddr.isValid(peerAddress)) return false;
    const address = ipaddr.process(peerAddress);
    return ranges.some(([range, bits]) => range.kind() === address.kind() && address.match([range, bits] as never));
  };
}

/**
 * Removes forwarding headers of peers that are not trusted and sets ours (data-plane §2). Returns the client's address:
 * the peer, or the left-most address that a trusted peer reports.
 */
export function applyForwardedHeaders(
  headers: HeaderFields,
  peer: { readonly address: string; readonly trusted: boolean },
  target: RequestTarget,
): string {
  if (!peer.trusted) {
    headers.deleteWhere((name) => name.startsWith('x-forwarded-') || forwardedNames.has(name));
  }
  const previous = headers.getAll('x-forwarded-for').join(', ');
  const reported = previous.split(',')[0]?.trim() ?? '';
  const client = reported !== '' && ipaddr.isValid(reported) ? reported : peer.address;
  headers.set('X-Forwarded-For', previous === '' ? peer.address : `${previous}, ${peer.address}`);
  if (!headers.has('x-forwarded-proto')) headers.set('X-Forwarded-Proto', target.scheme);
  if (!headers.has('x-forwarded-host')) headers.set('X-Forwarded-Host', target.authority);
  if (!headers.has('x-forwarded-port')) {
    headers.set('X-Forwarded-Port', String(target.port ?? (target.scheme === 'https' ? 443 : 80)));
  }
  if (!headers.has('x-forwarded-server')) headers.set('X-Forwarded-Server', serverName);
  if (!headers.has('x-real-ip')) headers.set('X-Real-Ip', client);
  return client;
}
