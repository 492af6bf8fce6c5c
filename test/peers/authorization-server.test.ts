import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AuthorizationServer, startAuthorizationServer } from './authorization-server.ts';

let authority: AuthorizationServer;
beforeAll(async () => {
  authority = await startAuthorizationServer();
});
afterAll(() => authority.close());

test('issues RFC 9068 tokens for the resource asked for, with the groups of the client', async () => {
  const token = await authority.issueToken('admin', 'https://gateway.example/wiki');
  expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'at+jwt', alg: 'RS256' });
  const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(authority.jwksUrl)));
  expect(payload).toMatchObject({
    iss: authority.issuer,
    aud: 'https://gateway.example/wiki',
    groups: ['admin'],
    scope: 'mcp:read',
  });
});

test('signs with another key after rotation, and can forget the old one', async () => {
  const kid = async () =>
    decodeProtectedHeader(await authority.issueToken('developer', 'https://gateway.example/wiki')).kid;
  const published = async () => {
    const set = (await (await fetch(authority.jwksUrl)).json()) as { keys: { kid: string }[] };
    return set.keys.map((key) => key.kid);
  };
  const first = await kid();
  await authority.rotateKeys();
  const second = await kid();
  expect(second).not.toBe(first);
  expect(await published()).toEqual([second, first]);
  await authority.rotateKeys({ forgetOld: true });
  expect(await published()).toEqual([await kid()]);
});
