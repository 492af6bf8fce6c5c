import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isForbiddenAddress } from './address-guard.ts';

describe('[SEC-upstream.addresses] addresses that no upstream may have', () => {
  it.each([
    '169.254.169.254',
    '169.254.0.1',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '224.0.0.1',
    '255.255.255.255',
    'fe80::1',
    'fe80::1%eth0',
    'febf:ffff::1',
    'fd00:ec2::254',
    'FD00:0EC2:0:0:0:0:0:254',
    'fd20:ce::254',
    'ff02::1',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '::ffff:0:169.254.169.254',
    '64:ff9b::169.254.169.254',
    '64:ff9b:1::169.254.169.254',
    '2002:a9fe:a9fe::1',
    '::169.254.169.254',
    '',
    'not an address',
    '1.2.3',
  ])('%s is one', (address) => {
    expect(isForbiddenAddress(address)).toBe(true);
  });

  it.each([
    '127.0.0.1',
    '10.0.0.1',
    '192.168.1.1',
    '172.17.0.2',
    '100.64.0.1',
    '8.8.8.8',
    '::1',
    'fd00::1',
    '2606:4700::1',
    '::ffff:10.0.0.1',
  ])('%s is none', (address) => {
    expect(isForbiddenAddress(address)).toBe(false);
  });

  it('all of 169.254/16, in every wrapping', () => {
    void fc.assert(
      fc.property(fc.nat(255), fc.nat(255), fc.constantFrom('', '::ffff:', '64:ff9b::', '::ffff:0:'), (a, b, wrap) => {
        expect(isForbiddenAddress(`${wrap}169.254.${a}.${b}`)).toBe(true);
      }),
    );
  });
});
