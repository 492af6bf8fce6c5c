import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { whyForbidden } from './forbidden-address.ts';

describe('[SEC-upstream.addresses] addresses that the gateway never connects to', () => {
  it.each([
    ['169.254.169.254', 'link-local'],
    ['169.254.0.1', 'link-local'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['febf:ffff::1', 'link-local'],
    ['fec0::1', 'link-local'],
    ['100.100.100.200', 'a cloud metadata service'],
    ['168.63.129.16', 'a cloud metadata service'],
    ['192.0.0.192', 'a cloud metadata service'],
    ['fd00:ec2::254', 'a cloud metadata service'],
    ['FD00:0EC2:0:0:0:0:0:254', 'a cloud metadata service'],
    ['fd00:ec2:1::1', 'a cloud metadata service'],
    ['fd20:ce::254', 'a cloud metadata service'],
    ['224.0.0.1', 'a multicast address'],
    ['ff02::1', 'a multicast address'],
    ['255.255.255.255', 'a broadcast address'],
    ['0.0.0.0', 'an address of no machine'],
    ['::', 'an address of no machine'],
    ['::ffff:0.0.0.0', 'an address of no machine'],
    ['2002:a9fe:a9fe::1', 'a tunnel address'],
    ['2001:0:a9fe:a9fe::1', 'a tunnel address'],
    ['::ffff:169.254.169.254', 'link-local'],
    ['::ffff:a9fe:a9fe', 'link-local'],
    ['::ffff:0:169.254.169.254', 'link-local'],
    ['64:ff9b::169.254.169.254', 'link-local'],
    ['64:ff9b:1::169.254.169.254', 'link-local'],
    ['64:ff9b:1:2::169.254.169.254', 'link-local'],
    ['::169.254.169.254', 'link-local'],
    ['64:ff9b::100.100.100.200', 'a cloud metadata service'],
    ['', 'not an IP address'],
    ['localhost', 'not an IP address'],
    ['1.2.3', 'not an IP address'],
  ])('%s is %s', (address, why) => {
    expect(whyForbidden(address)).toBe(why);
  });

  it.each([
    '127.0.0.1',
    '10.0.0.1',
    '192.168.1.1',
    '172.17.0.2',
    '100.64.0.1',
    '8.8.8.8',
    '203.0.113.9',
    '::1',
    'fd00::1',
    'fd12::1',
    '2001:db8::1',
    '2606:4700::1',
    '::ffff:10.0.0.1',
    '64:ff9b::8.8.8.8',
  ])('%s may be reached', (address) => {
    expect(whyForbidden(address)).toBeUndefined();
  });

  it('all of 169.254/16, in every wrapping', () => {
    void fc.assert(
      fc.property(fc.nat(255), fc.nat(255), fc.constantFrom('', '::ffff:', '64:ff9b::', '::ffff:0:'), (a, b, wrap) => {
        expect(whyForbidden(`${wrap}169.254.${a}.${b}`)).toBe('link-local');
      }),
    );
  });
});
