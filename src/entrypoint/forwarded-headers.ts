import { hostname } from 'node:os';
import ipaddr from 'ipaddr.js';
import type { RequestTarget } from '../http/exchange.ts';
import { headerName } from '../http/header-name.ts';
import type { HeaderFields } from '../http/headers.ts';

const serverName = hostname();
const names = {
  for: headerName('X-Forwarded-For'),
  proto: headerName('X-Forwarded-Proto'),
  host: headerName('X-Forwarded-Host'),
  port: headerName('X-Forwarded-Port'),
  server: headerName('X-Forwarded-Server'),
  realIp: headerName('X-Real-Ip'),
};

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
    headers.set(names.for, peer);
  } else {
    const reported = previous.split(',', 1)[0]?.trim() ?? '';
    if (ipaddr.isValid(reported)) client = reported;
    headers.set(names.for, `${previous}, ${peer}`);
  }
  if (!headers.has('x-forwarded-proto')) headers.append(names.proto, target.scheme);
  if (!headers.has('x-forwarded-host')) headers.append(names.host, target.authority);
  if (!headers.has('x-forwarded-port')) {
    headers.append(names.port, String(target.port ?? (target.scheme === 'https' ? 443 : 80)));
  }
  if (!headers.has('x-forwarded-server')) headers.append(names.server, serverName);
  if (!headers.has('x-real-ip')) headers.append(names.realIp, client);
  return client;
}
