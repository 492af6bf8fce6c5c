import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/**
 * Addresses that the gateway never connects to, neither for a request nor on its own behalf: link-local ones and the
 * well-known metadata services of clouds, through which a server-side request would read the machine's own credentials,
 * and those that are no single machine's. Private and loopback ranges are where upstreams and identity providers live.
 */
const forbidden: readonly (readonly [Address, number, string])[] = Object.entries({
  'link-local': [
    '169.254.0.0/16', // RFC 3927; metadata of most clouds
    'fe80::/10', // RFC 4291
    'fec0::/10', // site-local, deprecated by RFC 3879
  ],
  'a cloud metadata service': [
    '100.100.100.200/32', // Alibaba Cloud
    '168.63.129.16/32', // Azure
    '192.0.0.192/32', // Oracle Cloud
    'fd00:ec2::/32', // AWS
    'fd20:ce::254/128', // Google Cloud
  ],
  'a multicast address': ['224.0.0.0/4', 'ff00::/8'],
  'a broadcast address': ['255.255.255.255/32'],
  'an address of no machine': ['0.0.0.0/8', '::/128'],
  // What is at the other end of a public relay is not what the address says (RFC 7526, RFC 4380).
  'a tunnel address': ['2002::/16', '2001::/32'],
}).flatMap(([why, ranges]) => ranges.map((range) => [...ipaddr.parseCIDR(range), why] as const));

/**
 * Why no connection may be made to this IP address, in whatever form an IPv4 address is wrapped into IPv6; undefined when
 * one may. To be asked about what a name resolved to when connecting: then a name that is pointed elsewhere after a check
 * gains nothing (DNS rebinding).
 */
export function whyForbidden(address: string): string | undefined {
  if (isIP(address) === 0) return 'not an IP address';
  const forms = formsOf(ipaddr.parse(address.split('%', 1)[0] ?? ''));
  return forbidden.find(([network, bits]) =>
    forms.some((form) => network.kind() === form.kind() && form.match([network, bits] as never)),
  )?.[2];
}

/** Translators (RFC 6052, RFC 6145, RFC 8215) put an IPv4 address at the end, and RFC 4291 has two forms that do. */
const wrappings = ['::/96', '::ffff:0:0/96', '::ffff:0:0:0/96', '64:ff9b::/96', '64:ff9b:1::/48'].map((range) =>
  ipaddr.IPv6.parseCIDR(range),
);

/** The address itself and the IPv4 address inside it, where something on the way would unwrap one. */
function formsOf(address: Address): readonly Address[] {
  if (!(address instanceof ipaddr.IPv6) || !isWrapping(address)) return [address];
  return [address, new ipaddr.IPv4(address.toByteArray().slice(12))];
}

function isWrapping(address: ipaddr.IPv6): boolean {
  // These two are addresses of their own, not 0.0.0.0 and 0.0.0.1 in the oldest wrapping.
  const text = address.toString();
  return text !== '::' && text !== '::1' && wrappings.some(([network, bits]) => address.match(network, bits));
}
