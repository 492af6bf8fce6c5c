import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SessionSeal } from './session-seal.ts';

const seal = SessionSeal.fromSecret('a secret that all replicas share');
const owner = { route: 'apps-wiki@file', principal: 'https://idp|alice|jwt' };
const visible = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 200,
});

describe('[DP-5.sessions] a sealed session id', () => {
  it('opens for its owner, on any replica with the key, and is the same each time', () => {
    fc.assert(
      fc.property(visible, fc.string(), fc.string(), (id, route, principal) => {
        const client = seal.seal(id, { route, principal });
        expect(client).toMatch(/^[\x21-\x7e]+$/);
        expect(encodeURIComponent(client)).toBe(client);
        expect(SessionSeal.fromSecret('a secret that all replicas share').open(client, { route, principal })).toBe(id);
        expect(seal.seal(id, { route, principal })).toBe(client);
      }),
    );
  });

  it('opens for nobody else', () => {
    fc.assert(
      fc.property(
        visible,
        fc.string(),
        fc.string(),
        fc.string(),
        fc.string(),
        (id, route, principal, otherRoute, otherPrincipal) => {
          fc.pre(route !== otherRoute || principal !== otherPrincipal);
          expect(seal.open(seal.seal(id, { route, principal }), { route: otherRoute, principal: otherPrincipal })).toBe(
            undefined,
          );
        },
      ),
    );
  });

  it('keeps route and principal apart', () => {
    const client = seal.seal('id', { route: 'ab', principal: 'c' });
    expect(seal.open(client, { route: 'a', principal: 'bc' })).toBe(undefined);
    expect(seal.open(client, { route: 'abc', principal: '' })).toBe(undefined);
  });

  it('does not open when one character is changed, added or taken away', () => {
    const client = seal.seal('upstream-session', owner);
    for (let i = 0; i < client.length; i++) {
      for (const other of ['A', 'B', '_', '=', ' ']) {
        if (client[i] !== other)
          expect(seal.open(client.slice(0, i) + other + client.slice(i + 1), owner)).toBe(undefined);
      }
      expect(seal.open(client.slice(0, i) + client.slice(i + 1), owner)).toBe(undefined);
    }
    expect(seal.open(`${client}A`, owner)).toBe(undefined);
    expect(seal.open(`${client}=`, owner)).toBe(undefined);
  });

  it.each(['', 'p1.', 'p1.AAAA', 'upstream-session', 'p1.'.padEnd(100_000, 'A'), 'p2.AAAA'])(
    'does not open what was never sealed: %#',
    (id) => {
      expect(seal.open(id, owner)).toBe(undefined);
    },
  );

  it('does not open under another key', () => {
    const client = seal.seal('upstream-session', owner);
    expect(SessionSeal.fromSecret('another').open(client, owner)).toBe(undefined);
    expect(SessionSeal.random().open(client, owner)).toBe(undefined);
  });

  it('does not show the upstream’s id', () => {
    const client = seal.seal('upstream-session', owner);
    expect(Buffer.from(client.slice(3), 'base64url').includes('upstream')).toBe(false);
  });
});
