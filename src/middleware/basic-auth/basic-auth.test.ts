import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { answer, answering, headerFields, testExchange } from '../../../test/support/exchange.ts';
import { buildHandler, testContext } from '../../../test/support/middleware-context.ts';
import { anonymousPrincipal, jwtPrincipal, Principal } from '../../auth/principal.ts';
import { PortcullisError } from '../../errors.ts';
import { basicAuth } from './basic-auth.ts';

const bcrypt = '$2b$04$5zl3IQ6VFbqxuA9vTM2ySOf4O2fl4/zP67ZOehp7b4YIadGDibmO6';
const users = [
  `alice:${bcrypt}`,
  'bob:$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/',
  'carol:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=',
];
const basic = (text: string | Buffer) => `Basic ${Buffer.from(text).toString('base64')}`;

async function ask(
  options: object,
  authorization: string | readonly string[] | undefined,
  more: Record<string, string> = {},
) {
  const next = answering(200);
  const handler = await buildHandler(basicAuth, options, next, testContext());
  const sent = testExchange({
    headers: headerFields({ ...(authorization === undefined ? {} : { Authorization: authorization }), ...more }),
  });
  const reply = await answer(handler, sent);
  return { reply, sent, passed: next.seen.length > 0 };
}

describe('[SEC-password] basicAuth', () => {
  test.each(['alice', 'bob', 'carol'])('%s gets in with the password', async (user) => {
    const { passed, sent } = await ask({ users }, basic(`${user}:secret`));
    expect(passed).toBe(true);
    expect(Principal.is(sent.identity)).toBe(true);
    expect([sent.identity?.kind, sent.identity?.subject, sent.identity?.issuer]).toEqual(['basic', user, 'test@file']);
    expect(sent.facts.username).toBe(user);
    // As in Traefik the header goes on, unless removeHeader says otherwise.
    expect(sent.headers.has('authorization')).toBe(true);
  });

  const rows: readonly (readonly [string, string | readonly string[] | undefined, number])[] = [
    ['nothing', undefined, 401],
    ['a wrong password', basic('alice:wrong'), 401],
    ['no password', basic('alice:'), 401],
    ['the hash as password', basic(`alice:${bcrypt}`), 401],
    ['an unknown user', basic('mallory:secret'), 401],
    ['another’s name in other case', basic('Alice:secret'), 401],
    ['a property of objects', basic('__proto__:secret'), 401],
    ['no colon', basic('alice'), 401],
    ['a NUL', basic('alice\0:secret'), 401],
    ['a line break', basic('alice:secret\n'), 401],
    ['bytes that are no UTF-8', basic(Buffer.from([0x61, 0xff, 0x3a, 0x62])), 401],
    ['no base64', 'Basic ***', 401],
    ['a token', 'Bearer a.b.c', 401],
    ['the scheme alone', 'Basic', 401],
    ['far too much', basic(`alice:${'x'.repeat(5_000)}`), 401],
    ['two headers', [basic('alice:secret'), basic('alice:secret')], 400],
    ['the scheme in other case', basic('alice:secret').replace('Basic', 'bAsIc'), 200],
  ];
  test.each(rows)('%s', async (_, authorization, status) => {
    const { reply, passed } = await ask({ users }, authorization);
    expect([reply.status, passed]).toEqual([status, status === 200]);
    if (status !== 401) return;
    expect(reply.body).toBeNull();
    expect(reply.headers.get('www-authenticate')).toBe('Basic realm="traefik"');
  });

  test('a password may hold a colon, and only the first one divides', async () => {
    const { passed, sent } = await ask({ users: 'dora:{SHA}3OptnM09ILoVSfbZtd3mB0IViII=' }, basic('dora:a:b'));
    expect([passed, sent.identity?.subject]).toEqual([true, 'dora']);
  });

  test('realm, removeHeader and headerField', async () => {
    const options = { users: users.join('\n'), realm: 'the "wiki"', removeHeader: true, headerField: 'X-WebAuth-User' };
    const good = await ask(options, basic('alice:secret'), { X_WebAuth_User: 'root', 'x-webauth-user': 'root' });
    expect(good.sent.headers.toRaw().filter((_, at) => at % 2 === 0)).toEqual(['Host', 'X-WebAuth-User']);
    expect(good.sent.headers.get('x-webauth-user')).toBe('alice');
    const bad = await ask(options, undefined);
    expect(bad.reply.headers.get('www-authenticate')).toBe('Basic realm="the \\"wiki\\""');
  });

  test('a credential checked before says more, anonymity does not', async () => {
    const handler = await buildHandler(basicAuth, { users }, answering(200));
    const token = jwtPrincipal({ issuer: 'i', subject: 's', claims: new Map(), expiresAt: undefined, credential: 't' });
    for (const [before, after] of [
      [token, 's'],
      [anonymousPrincipal(), 'alice'],
    ] as const) {
      const sent = testExchange({ identity: before, headers: { Authorization: basic('alice:secret') } });
      await handler(sent);
      expect(sent.identity?.subject).toBe(after);
    }
  });

  test('a bcrypt hash is computed once for many requests', async () => {
    const handler = await buildHandler(
      basicAuth,
      { users: ['slow:$2b$12$5zl3IQ6VFbqxuA9vTM2ySOf4O2fl4/zP67ZOehp7b4YIadGDibmO6'] },
      answering(200),
    );
    const attempt = () => answer(handler, testExchange({ headers: { Authorization: basic('slow:wrong') } }));
    await attempt();
    const started = performance.now();
    for (let turn = 0; turn < 200; turn++) expect((await attempt()).status).toBe(401);
    // Two hundred hashes of that cost take far more than ten seconds.
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test('usersFile', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portcullis-users-'));
    try {
      const usersFile = join(folder, 'users');
      writeFileSync(usersFile, `# people\n${users[2]}\n`);
      expect((await ask({ usersFile }, basic('carol:secret'))).passed).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each([
    [{}, /no users/],
    [{ users: [] }, /no users/],
    [{ users: ['# nobody'] }, /no user/],
    [{ users: ['alice:secret'] }, /not a bcrypt/],
    [{ users: [bcrypt] }, /no user name/],
    [{ users: [`alice:${bcrypt}`, `alice:${bcrypt}`] }, /twice/],
    [{ usersFile: '/nonexistent/users' }, /ENOENT/],
    [{ users, headerField: 'Host' }, /frames/],
    [{ users, realm: 'é' }, /ASCII/],
  ])('%j is refused', async (options, reason) => {
    const attempt = buildHandler(basicAuth, options, answering(200));
    await expect(attempt).rejects.toThrow(PortcullisError);
    await expect(attempt).rejects.toThrow(reason);
    await expect(attempt).rejects.not.toThrow(bcrypt);
  });

  test('weak hashes are warned about once', async () => {
    const context = testContext();
    await buildHandler(basicAuth, { users }, answering(200), context);
    expect(context.warnings).toHaveLength(1);
  });
});
