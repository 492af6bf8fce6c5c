import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConnectedClient } from '../clients/client-under-test.ts';
import { sdkV2 } from '../clients/sdk-v2-client.ts';
import { startTestGateway, type TestGateway } from '../peers/gateway.ts';
import { admin, developer, guideSecret, signToken } from '../peers/tokens.ts';
import { type AnswerFormat, type CountingUpstream, startCountingUpstream } from './counting-upstream.ts';

const eras = { legacy: 'legacy', modern: { pin: '2026-07-28' } } as const;
const formats: readonly AnswerFormat[] = ['json', 'sse'];

const shopRules = [
  'match: Contains(`jwt.groups`, `suspended`) && !OneOf(`mcp.method`, `initialize`, `server/discover`, `notifications/initialized`, `tools/list`, `tools/call`)\n              action: deny',
  'match: Equals(`mcp.method`, `tools/call`) && Equals(`mcp.params.name`, `refund`) && Gt(`mcp.params.arguments.amount`, `100`)\n              action: deny',
  'match: Equals(`mcp.method`, `tools/call`) && OneOf(`mcp.params.name`, `look_up`, `refund`)\n              action: allow',
  'match: Equals(`mcp.method`, `prompts/get`) && Equals(`mcp.params.name`, `greet`)\n              action: allow',
  'match: Equals(`mcp.method`, `resources/read`) && Prefix(`mcp.params.uri`, `file:///public/`)\n              action: allow',
  'match: OneOf(`mcp.method`, `tools/list`, `prompts/list`, `resources/list`, `resources/templates/list`)\n              action: allow',
  'match: Contains(`jwt.groups`, `admin`)\n              action: allow',
];

const policy = (rules: readonly string[], hideAsUnknown = false) => `http:
  middlewares:
    policy:
      plugin:
        mcp:
          hideAsUnknown: ${hideAsUnknown}
          policies:
${rules.map((rule) => `            - ${rule}\n`).join('')}          defaultAction: deny
`;

const routes = (port: number) => `http:
  routers:
    shop:
      rule: PathPrefix(\`/mcp\`)
      entryPoints: [web]
      middlewares: [token, policy]
      service: shop
  middlewares:
    token:
      plugin:
        jwt:
          signingSecret: ${guideSecret}
  services:
    shop:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:${port}
`;

const connect = async (gateway: TestGateway, era: keyof typeof eras, claims: object): Promise<ConnectedClient> =>
  sdkV2(era, eras[era] === 'legacy' ? 'legacy' : eras[era]).connect(`${gateway.webUrl}/mcp`, {
    Authorization: `Bearer ${await signToken({ ...claims })}`,
  });

const listsOf = async (client: ConnectedClient) => ({
  tools: await client.listTools(),
  prompts: await client.listPrompts(),
  resources: await client.listResources(),
  templates: await client.listTemplates(),
});

describe.each(formats)('an upstream that answers with %s', (format) => {
  let upstream: CountingUpstream;
  let gateway: TestGateway;
  beforeAll(async () => {
    upstream = await startCountingUpstream(format);
    gateway = await startTestGateway({
      files: { 'routes.yaml': routes(upstream.port), 'policy.yaml': policy(shopRules) },
    });
  });
  afterAll(async () => {
    await gateway?.stop();
    await upstream?.close();
  });

  describe.each(Object.keys(eras) as (keyof typeof eras)[])('%s clients', (era) => {
    test('[PL-6.lists-through-the-gateway] developer and admin see different lists', async () => {
      const before = upstream.answered.length;
      const asDeveloper = await connect(gateway, era, developer);
      const asAdmin = await connect(gateway, era, admin);
      try {
        expect(asDeveloper.era).toBe(era);
        expect(await listsOf(asDeveloper)).toEqual({
          tools: ['look_up', 'refund'],
          prompts: ['greet'],
          resources: ['file:///public/a'],
          templates: ['file:///public/{name}'],
        });
        expect(await listsOf(asAdmin)).toEqual({
          tools: ['look_up', 'refund', 'erase'],
          prompts: ['greet', 'fire'],
          resources: ['file:///public/a', 'file:///private/a'],
          templates: ['file:///public/{name}', 'file:///private/{name}'],
        });
        const expected = format === 'json' ? 'application/json' : 'text/event-stream';
        expect(upstream.answered.slice(before).some((type) => type.startsWith(expected))).toBe(true);
      } finally {
        await asDeveloper.close();
        await asAdmin.close();
      }
    });

    test('[PL-6.capabilities-through-the-gateway] callers are offered what they can use', async () => {
      const seen = async (claims: object) => {
        const client = await connect(gateway, era, claims);
        try {
          expect(client.era).toBe(era);
          return Object.keys(client.capabilities).sort();
        } finally {
          await client.close();
        }
      };
      expect(await seen(developer)).toEqual(['prompts', 'resources', 'tools']);
      expect(await seen(admin)).toEqual(['prompts', 'resources', 'tools']);
      expect(await seen({ ...developer, groups: ['suspended'] })).toEqual(['tools']);
    });

    test('[PL-4.calls-through-the-gateway] a blocked call never arrives, an allowed one arrives once', async () => {
      const client = await connect(gateway, era, developer);
      const arrivals = async (ask: () => Promise<unknown>, what: string): Promise<readonly [number, boolean]> => {
        const before = upstream.arrived.length;
        const done = await ask().then(
          () => true,
          () => false,
        );
        return [upstream.arrived.slice(before).filter((each) => each === what).length, done];
      };
      try {
        const call = (tool: string, args: Record<string, unknown>) =>
          arrivals(() => client.callTool(tool, args), `tools/call ${tool}`);
        expect(await call('look_up', {})).toEqual([1, true]);
        expect(await call('refund', { amount: 100 })).toEqual([1, true]);
        expect(await call('refund', { amount: 100.01 })).toEqual([0, false]);
        expect(await call('refund', { amount: '1000' })).toEqual([0, false]);
        expect(await call('erase', {})).toEqual([0, false]);
        expect(await arrivals(() => client.getPrompt('greet'), 'prompts/get greet')).toEqual([1, true]);
        expect(await arrivals(() => client.getPrompt('fire'), 'prompts/get fire')).toEqual([0, false]);
        const read = (uri: string) => arrivals(() => client.readResource(uri), `resources/read ${uri}`);
        expect(await read('file:///public/a')).toEqual([1, true]);
        expect(await read('file:///private/a')).toEqual([0, false]);
      } finally {
        await client.close();
      }
    });
  });
});

describe('hideAsUnknown', () => {
  let upstream: CountingUpstream;
  let gateway: TestGateway;
  beforeAll(async () => {
    upstream = await startCountingUpstream('json');
    gateway = await startTestGateway({
      files: { 'routes.yaml': routes(upstream.port), 'policy.yaml': policy(shopRules, true) },
    });
  });
  afterAll(async () => {
    await gateway?.stop();
    await upstream?.close();
  });

  test.each(Object.keys(eras) as (keyof typeof eras)[])(
    '[PL-6.unknown-through-the-gateway] to %s clients, what they cannot see answers like what does not exist',
    async (era) => {
      const client = await connect(gateway, era, developer);
      const failure = (tool: string, args: Record<string, unknown>) =>
        client.callTool(tool, args).then(
          () => undefined,
          (error: { code?: unknown; message?: string }) => error,
        );
      try {
        const before = upstream.arrived.length;
        const hidden = await failure('erase', {});
        expect(hidden?.code).toBe(-32602);
        expect(hidden?.message).toContain('erase');
        expect(hidden?.message).not.toContain('policy');
        // Visible, but denied with these arguments: that may be told.
        const seen = await failure('refund', { amount: 101 });
        expect(seen?.code).not.toBe(-32602);
        expect(upstream.arrived.slice(before).filter((each) => each.startsWith('tools/call'))).toEqual([]);
      } finally {
        await client.close();
      }
    },
  );
});
