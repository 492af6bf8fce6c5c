import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  anonymousPrincipal,
  apiKeyPrincipal,
  basicPrincipal,
  forwardedPrincipal,
  jwtPrincipal,
  Principal,
} from './principal.ts';

const token = (issuer: string | undefined, subject: string | undefined, credential = 'a.b.c') =>
  jwtPrincipal({ issuer, subject, credential, claims: new Map(), expiresAt: undefined });

describe('principal', () => {
  test('[AR-principal] nothing but what auth made is a principal', () => {
    const real = basicPrincipal('m', 'alice');
    expect(Principal.is(real)).toBe(true);
    const forgeries: unknown[] = [
      { ...real },
      structuredClone({ ...real }),
      Object.create(Principal.prototype),
      Object.assign(Object.create(Principal.prototype), real),
      new Proxy(real, {}),
      JSON.parse(JSON.stringify(real)),
      null,
      undefined,
      'alice',
      0,
      Principal,
    ];
    for (const forgery of forgeries) expect(Principal.is(forgery)).toBe(false);
  });

  test('a principal cannot be changed', () => {
    const real = basicPrincipal('m', 'alice');
    expect(() => Object.assign(real, { subject: 'root' })).toThrow(TypeError);
    expect(real.subject).toBe('alice');
  });

  test('[DP-5.binding] two principals share a binding key only when issuer, subject and credential kind agree', () => {
    const part = fc.option(fc.string({ unit: 'binary', maxLength: 6 }), { nil: undefined });
    fc.assert(
      fc.property(part, part, part, part, (i1, s1, i2, s2) => {
        const same = i1 === i2 && s1 === s2;
        expect(token(i1, s1).bindingKey === token(i2, s2).bindingKey).toBe(same);
      }),
    );
    const keys = [
      anonymousPrincipal(),
      token('m', 'alice'),
      basicPrincipal('m', 'alice'),
      apiKeyPrincipal('m', 'alice', 'h'),
      forwardedPrincipal('m', 'alice', 'p'),
    ].map((principal) => principal.bindingKey);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('[DP-5.binding] a credential without a subject binds to itself, and the key does not show it', () => {
    expect(token('i', undefined, 'a.b.c').bindingKey).not.toBe(token('i', undefined, 'a.b.d').bindingKey);
    expect(token('i', undefined, 'a.b.c').bindingKey).not.toContain('a.b.c');
    expect(apiKeyPrincipal('m', undefined, 'h1').bindingKey).not.toBe(apiKeyPrincipal('m', undefined, 'h2').bindingKey);
    expect(forwardedPrincipal('m', undefined, 'x').bindingKey).not.toBe(
      forwardedPrincipal('m', undefined, 'y').bindingKey,
    );
  });
});
