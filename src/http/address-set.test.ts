import { describe, expect, it } from 'vitest';
import { AddressSet, ipv6SubnetAddress } from './address-set.ts';

function setOf(...texts: string[]): AddressSet {
  const parsed = AddressSet.parse(texts);
  if (!parsed.ok) throw new Error(`not an address: ${texts[parsed.index]}`);
  return parsed.set;
}

describe('address sets', () => {
  it.each([
    [['10.0.0.1'], '10.0.0.1', true],
    [['10.0.0.1'], '10.0.0.2', false],
    [['10.0.0.0/8'], '10.255.0.1', true],
    [['10.0.0.7/8'], '10.255.0.1', true],
    [['10.0.0.0/8'], '11.0.0.1', false],
    [['10.0.0.0/8'], '::ffff:10.1.2.3', true],
    [['::ffff:10.0.0.1'], '10.0.0.1', true],
    [['0.0.0.0/0'], '192.0.2.1', true],
    [['0.0.0.0/0'], '::1', false],
    [['fe80::/10'], 'fe80::1', true],
    [['fe80::/10'], 'fec0::1', false],
    [['::1'], '0:0:0:0:0:0:0:1', true],
    [['192.0.2.0/24', '::1'], '::1', true],
    [['10.0.0.0/8'], '', false],
    [['10.0.0.0/8'], 'localhost', false],
    [['10.0.0.0/8'], '10.1', false],
    [['10.0.0.0/8'], '012.0.0.1', false],
    [['10.0.0.0/8'], '10.0.0.1:80', false],
  ] as const)('%j and %s: %s', (texts, address, contained) => {
    expect(setOf(...texts).contains(address)).toBe(contained);
  });

  it.each(['', 'localhost', '10.0.0', '10.0.0.256', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/x', '::1/129', '0x7f.1'])(
    '%j is no address',
    (text) => {
      expect(AddressSet.parse(['127.0.0.1', text])).toEqual({ ok: false, index: 1 });
    },
  );

  it.each([
    ['::abcd:1111:2222:3333', 64, '::'],
    ['::abcd:1111:2222:3333', 80, '::abcd:0:0:0'],
    ['::abcd:1111:2222:3333', 96, '::abcd:1111:0:0'],
    ['2001:db8::ffff', 127, '2001:db8::fffe'],
    ['2001:db8::1', 128, '2001:db8::1'],
    ['2001:db8::1', 0, '::'],
    ['10.0.0.1', 64, '10.0.0.1'],
    ['nobody', 64, 'nobody'],
  ])('%s in a subnet of %d bits begins at %s', (address, bits, first) => {
    expect(ipv6SubnetAddress(address, bits)).toBe(first);
  });
});
