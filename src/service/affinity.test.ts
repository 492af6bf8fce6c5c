import { describe, expect, it } from 'vitest';
import { testExchange } from '../../test/support/exchange.ts';
import {
  balancer,
  clearance,
  closeUpstreams,
  httpUpstream,
  setUp,
  type Upstream,
} from '../../test/support/upstreams.ts';
import type { McpFacts } from '../http/facts.ts';
import type { Identity } from '../http/identity.ts';
import { affinityKey } from './affinity.ts';
import type { Service } from './service.ts';

closeUpstreams();

const mcp = { kind: 'request', era: 'modern', method: 'tools/list' } as McpFacts;
const person = { kind: 'jwt', bindingKey: 'issuer|alice|jwt' } as Identity;
const nobody = { kind: 'anonymous', bindingKey: 'anonymous' } as Identity;

describe('[DP-7.affinity] what keeps a caller', () => {
  it.each([
    ['the session', { headers: { 'Mcp-Session-Id': 's1' }, identity: person, clientAddress: '10.0.0.9' }, 's1'],
    ['the principal', { identity: person, clientAddress: '10.0.0.9' }, 'issuer|alice|jwt'],
    ['the client address', { identity: nobody, clientAddress: '10.0.0.9', peerAddress: '10.0.0.1' }, '10.0.0.9'],
  ])('%s', (_what, overrides, key) => {
    expect(affinityKey(testExchange(overrides))).toBe(key);
  });
});

/** An MCP server that knows only the sessions it made. */
async function sessionServer(name: string): Promise<Upstream> {
  let count = 0;
  const sessions = new Set<string>();
  return httpUpstream((request, response) => {
    const session = request.headers['mcp-session-id'] as string | undefined;
    if (session === undefined) {
      count += 1;
      sessions.add(`${name}-${count}`);
      response.setHeader('Mcp-Session-Id', `${name}-${count}`);
    } else if (!sessions.has(session)) {
      response.statusCode = 404;
    }
    response.end(name);
  });
}

async function open(service: Service, overrides: Parameters<typeof testExchange>[0] = {}): Promise<string> {
  const reply = await service.handle(testExchange(overrides), clearance);
  return reply.headers.get('mcp-session-id') ?? '';
}

async function use(service: Service, session: string): Promise<string> {
  const reply = await service.handle(testExchange({ headers: { 'Mcp-Session-Id': session } }), clearance);
  return `${reply.status} ${String(reply.body)}`;
}

describe('[DP-7.affinity] an MCP session stays with the server that made it', () => {
  it.each(['wrr', 'p2c', 'hrw', 'leasttime'] as const)(
    'under %s, across generations and replicas',
    async (strategy) => {
      const servers = await Promise.all(['x', 'y', 'z'].map(sessionServer));
      const config = { a: balancer({ servers: servers.map(({ url }) => url), strategy }) };
      const { service } = setUp(config);
      const replica = setUp(config).service;
      for (let i = 0; i < 9; i++) {
        const session = await open(service, { clientAddress: `10.0.0.${i}` });
        const name = session.slice(0, 1);
        for (let j = 0; j < 3; j++) {
          expect(await use(service, session)).toBe(`200 ${name}`);
          expect(await use(replica, session)).toBe(`200 ${name}`);
        }
      }
    },
  );

  it('through services inside services', async () => {
    const servers = await Promise.all(['w', 'x', 'y', 'z'].map(sessionServer));
    const url = (index: number): string => servers[index]?.url ?? '';
    const { service } = setUp({
      top: {
        kind: 'weighted',
        services: [
          { name: 'left', weight: 1 },
          { name: 'right', weight: 2 },
          { name: 'single', weight: 1 },
        ],
      },
      left: balancer({ servers: [url(0), url(1)] }),
      right: {
        kind: 'highestRandomWeight',
        services: [
          { name: 'single', weight: 1 },
          { name: 'left', weight: 1 },
        ],
      },
      single: balancer({ servers: [url(2)] }),
    });
    const seen = new Set<string>();
    for (let i = 0; i < 16; i++) {
      const session = await open(service, { clientAddress: `10.0.0.${i}` });
      seen.add(session.slice(0, 1));
      expect(await use(service, session)).toBe(`200 ${session.slice(0, 1)}`);
    }
    expect([...seen].sort()).toEqual(['w', 'x', 'y']);
  });

  it('one server alone puts nothing on session ids', async () => {
    const server = await sessionServer('x');
    const { service } = setUp({ a: balancer({ servers: [server.url] }) });
    expect(await open(service)).toBe('x-1');
    expect(await use(service, 'x-1')).toBe('200 x');
  });

  it('an id that no server of ours tagged goes up as it is', async () => {
    let seen: string | undefined;
    const server = await httpUpstream((request, response) => {
      seen = request.headers['mcp-session-id'] as string;
      response.end();
    });
    const { service } = setUp({ a: balancer({ servers: [server.url, server.url.replace('127.0.0.1', 'localhost')] }) });
    await use(service, 'mine~0badcafe');
    expect(seen).toBe('mine~0badcafe');
  });
});

describe('sticky cookies', () => {
  const cookie = { secure: true, httpOnly: true, sameSite: 'lax', maxAge: 60, path: '/mcp' } as const;

  it('keep a browser, name and value say nothing, and attributes are as configured', async () => {
    const servers = await Promise.all(['x', 'y', 'z'].map((name) => httpUpstream((_, response) => response.end(name))));
    const { service } = setUp({ a: balancer({ servers: servers.map(({ url }) => url), sticky: { cookie } }) });
    const first = await service.handle(testExchange(), clearance);
    const set = first.headers.get('set-cookie') ?? '';
    expect(set).toMatch(/^_[0-9a-f]{8}=[0-9a-f]{16}; Path=\/mcp; Max-Age=60; HttpOnly; Secure; SameSite=Lax$/);
    const pair = set.split(';')[0] ?? '';
    for (let i = 0; i < 6; i++) {
      const reply = await service.handle(testExchange({ headers: { Cookie: `a=b; ${pair}; c=d` } }), clearance);
      expect(String(reply.body)).toBe(String(first.body));
      expect(reply.headers.has('set-cookie')).toBe(false);
    }
    const forged = await service.handle(testExchange({ headers: { Cookie: `${pair.split('=')[0]}=0000` } }), clearance);
    expect(forged.headers.has('set-cookie')).toBe(true);
  });

  it('are not sent on MCP routes: there the principal decides', async () => {
    const servers = await Promise.all(['x', 'y', 'z'].map((name) => httpUpstream((_, response) => response.end(name))));
    const { service } = setUp({ a: balancer({ servers: servers.map(({ url }) => url), sticky: { cookie } }) });
    const bodies = new Set<string>();
    for (let i = 0; i < 6; i++) {
      const exchange = testExchange({ identity: person, clientAddress: `10.0.0.${i}` });
      exchange.facts.mcp = { ...mcp };
      const reply = await service.handle(exchange, clearance);
      bodies.add(String(reply.body));
      expect(reply.headers.has('set-cookie')).toBe(false);
    }
    expect(bodies.size).toBe(1);
  });

  it('reach a fenced server that new callers are kept from', async () => {
    const servers = await Promise.all(['old', 'new'].map((name) => httpUpstream((_, response) => response.end(name))));
    const [old = '', fresh = ''] = servers.map(({ url }) => url);
    const sticky = { cookie: { ...cookie, name: 'where' } };
    const before = setUp({ a: balancer({ servers: [old, fresh], sticky }) }).service;
    const fenced = setUp({ a: balancer({ servers: [{ url: old, fenced: true }, fresh], sticky }) }).service;
    const reply = await before.handle(testExchange(), clearance);
    expect(String(reply.body)).toBe('old');
    const pair = reply.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect(String((await fenced.handle(testExchange({ headers: { Cookie: pair } }), clearance)).body)).toBe('old');
    for (let i = 0; i < 4; i++) {
      expect(String((await fenced.handle(testExchange(), clearance)).body)).toBe('new');
    }
    expect(fenced.status().map(({ state }) => state)).toEqual(['fenced', 'up']);
  });
});
