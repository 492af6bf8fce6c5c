import { base64url, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { answer, answering, type ExchangeOverrides, testExchange } from '../../../test/support/exchange.ts';
import { buildHandler, type ContextOverrides, testContext } from '../../../test/support/middleware-context.ts';
import { Principal } from '../../auth/principal.ts';
import { PortcullisError } from '../../errors.ts';
import { HeaderFields } from '../../http/headers.ts';
import { jwt } from './jwt.ts';

const guideSecret = 'my-super-secret-key-change-in-production';
const metadataUrl = 'https://mcp.localhost/.well-known/oauth-protected-resource/deepwiki-mcp';
const guideOptions = {
  signingSecret: guideSecret,
  forwardAuthorization: false,
  wwwAuthenticate: metadataUrl,
  forwardHeaders: { 'X-User-ID': 'sub', 'X-User-Groups': 'groups' },
};
const resource = 'https://mcp.localhost/deepwiki-mcp';

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

function sign(claims: Record<string, unknown>, secret = guideSecret, header: Record<string, unknown> = {}) {
  return new SignJWT({ exp: inAnHour(), ...claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT', ...header })
    .sign(Buffer.from(secret));
}

async function ask(options: object, exchange: ExchangeOverrides, context: ContextOverrides = {}) {
  const next = answering(200);
  const handler = await buildHandler(jwt, options, next, testContext(context));
  const sent = testExchange({ path: '/deepwiki-mcp/mcp', routeResource: resource, ...exchange });
  const reply = await answer(handler, sent);
  return { reply, sent, passed: next.seen.length > 0 };
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

describe('the guide', () => {
  test('[G-8.token] a token of the guide, with groups and without aud, is let in and its claims arrive as headers', async () => {
    const token = await sign({ sub: 'test-user', groups: ['developer'], email: 'test@example.com' });
    const { reply, sent, passed } = await ask(guideOptions, { headers: bearer(token) });
    expect([reply.status, passed]).toEqual([200, true]);
    expect(sent.headers.getAll('x-user-id')).toEqual(['test-user']);
    expect(sent.headers.getAll('x-user-groups')).toEqual(['developer']);
    expect(sent.headers.has('authorization')).toBe(false);
    expect(sent.facts.username).toBe('test-user');
    expect(Principal.is(sent.identity)).toBe(true);
    expect(sent.identity?.claims.get('groups')).toEqual(['developer']);
  });

  test('[G-9.401] no token: 401 with an empty body and the challenge that names the metadata', async () => {
    const { reply, passed, sent } = await ask(guideOptions, {});
    expect(passed).toBe(false);
    expect(reply.status).toBe(401);
    expect(reply.body).toBeNull();
    expect(reply.headers.get('content-length')).toBe('0');
    expect(reply.headers.get('www-authenticate')).toBe(`Bearer resource_metadata="${metadataUrl}"`);
    expect(sent.facts.errorType).toBe('jwt_missing');
  });
});

void [base64url, HeaderFields, PortcullisError];
