import { hostname } from 'node:os';
import ipaddr from 'ipaddr.js';
import type { RequestTarget } from '../http/exchange.ts';
import type { HeaderFields } from '../http/headers.ts';

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
 * Sets the forwarding headers (data-plane §2); what is there already comes from a trusted peer. Returns the client's
 * address: the peer, or the left-most address that a trusted peer reports.
 */
export function applyForwardedHeaders(headers: HeaderFields, peer: string, target: RequestTarget): string {
  const previous = headers.has('x-forwarded-for') ? headers.getAll('x-forwarded-for').join(', ') : '';
  let client = peer;
  if (previous === '') {
    headers.set('X-Forwarded-For', peer);
  } else {
    const reported = previous.split(',', 1)[0]?.trim() ?? '';
    if (ipaddr.isValid(reported)) client = reported;
    headers.set('X-Forwarded-For', `${previous}, ${peer}`);
  }
  if (!headers.has('x-forwarded-proto')) headers.append('X-Forwarded-Proto', target.scheme);
  if (!headers.has('x-forwarded-host')) headers.append('X-Forwarded-Host', target.authority);
  if (!headers.has('x-forwarded-port')) {
    headers.append('X-Forwarded-Port', String(target.port ?? (target.scheme === 'https' ? 443 : 80)));
  }
  if (!headers.has('x-forwarded-server')) headers.append('X-Forwarded-Server', serverName);
  if (!headers.has('x-real-ip')) headers.append('X-Real-Ip', client);
  return client;
}
