import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * Addresses that no upstream may have: link-local ones and the well-known metadata services of clouds, through which a
 * server-side request would read the machine's own credentials. Private and loopback ranges are where upstreams live.
 */
const forbidden: readonly (readonly [ipaddr.IPv4 | ipaddr.IPv6, number])[] = [
  '169.254.0.0/16', // link-local, RFC 3927; metadata of most clouds
  '100.100.100.200/32', // Alibaba Cloud metadata
  '168.63.129.16/32', // Azure host endpoint
  '192.0.0.192/32', // Oracle Cloud metadata
  '224.0.0.0/4', // multicast
  '255.255.255.255/32',
  'fe80::/10', // link-local, RFC 4291
  'fec0::/10', // site-local, deprecated, RFC 3879
  'fd00:ec2::/32', // AWS metadata and friends
  'fd20:ce::254/128', // Google Cloud metadata
  'ff00::/8', // multicast
].map((range) => ipaddr.parseCIDR(range));

/** True when no connection may be made to this IP address, in whatever form an IPv4 address is wrapped into IPv6. */
export function isForbiddenAddress(address: string): boolean {
  if (isIP(address) === 0) return true;
  return forms(ipaddr.parse(address.split('%', 1)[0] ?? '')).some((form) =>
    forbidden.some(([range, bits]) => range.kind() === form.kind() && form.match([range, bits] as never)),
  );
}

/** The address itself and the IPv4 address inside it, where a translator would unwrap one. */
function forms(address: ipaddr.IPv4 | ipaddr.IPv6): (ipaddr.IPv4 | ipaddr.IPv6)[] {
  if (address.kind() === 'ipv4') return [address];
  const bytes = address.toByteArray();
  const inner = (at: number): ipaddr.IPv4 => new ipaddr.IPv4(bytes.slice(at, at + 4));
  const six = address as ipaddr.IPv6;
  switch (six.range()) {
    case 'ipv4Mapped': // ::ffff:a.b.c.d
    case 'rfc6145': // ::ffff:0:a.b.c.d
    case 'rfc6052': // 64:ff9b::a.b.c.d, NAT64
      return [six, inner(12)];
    case '6to4': // 2002:aabb:ccdd::
      return [six, inner(2)];
    default:
      // ::a.b.c.d, deprecated by RFC 4291 but still understood by some stacks; and the local NAT64 prefix of RFC 8215.
      return bytes.slice(0, 12).every((byte) => byte === 0) || six.match(ipaddr.IPv6.parseCIDR('64:ff9b:1::/48'))
        ? [six, inner(12)]
        : [six];
  }
}
