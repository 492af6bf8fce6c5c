import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A set of IP addresses and ranges. IPv4 addresses in IPv6 form (`::ffff:10.0.0.1`) count as IPv4. */
export class AddressSet {
  readonly #ranges: readonly (readonly [Address, number])[];

  private constructor(ranges: readonly (readonly [Address, number])[]) {
    this.#ranges = ranges;
  }

  /** Reads addresses and CIDR ranges (`10.0.0.1`, `10.0.0.0/8`, `fe80::/10`). Returns the index of the first that is neither. */
  static parse(texts: readonly string[]): { ok: true; set: AddressSet } | { ok: false; index: number } {
    const ranges: (readonly [Address, number])[] = [];
    for (const [index, text] of texts.entries()) {
      const range = parseRange(text.trim());
      if (range === undefined) return { ok: false, index };
      ranges.push(range);
    }
    return { ok: true, set: new AddressSet(ranges) };
  }

  /** False too when `text` is no IP address. */
  contains(text: string): boolean {
    const address = parseAddress(text);
    if (address === undefined) return false;
    return this.#ranges.some(
      ([network, bits]) => network.kind() === address.kind() && address.match(network as never, bits),
    );
  }
}

/** The first address of the IPv6 subnet that `text` is in; `text` itself when it is no IPv6 address. */
export function ipv6SubnetAddress(text: string, bits: number): string {
  const address = parseAddress(text);
  if (address === undefined || address.kind() !== 'ipv6') return text;
  const bytes = address
    .toByteArray()
    .map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - index * 8))));
  return ipaddr.fromByteArray(bytes).toString();
}

function parseAddress(text: string): Address | undefined {
  // Only the four-part form: inet_aton's `010.1` and `167772161` mean different things to different parsers.
  if (!text.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(text)) return undefined;
  return ipaddr.isValid(text) ? ipaddr.process(text) : undefined;
}

function parseRange(text: string): readonly [Address, number] | undefined {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const most = address.kind() === 'ipv4' ? 32 : 128;
  if (slash < 0) return [address, most];
  const bits = text.slice(slash + 1);
  return /^[0-9]{1,3}$/.test(bits) && Number(bits) <= most ? [address, Number(bits)] : undefined;
}
