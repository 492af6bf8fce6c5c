import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LogLine } from '../peers/gateway.ts';
import { type GuideSetting, startGuide } from '../peers/guide.ts';
import { admin, developer, signToken } from '../peers/tokens.ts';
import { bearer, type CurlAnswer, callTool, curl, curlMessage, openSession } from './curl.ts';

let guide: GuideSetting;
let asDeveloper: readonly string[];
let asAdmin: readonly string[];
beforeAll(async () => {
  guide = await startGuide();
  asDeveloper = bearer(await signToken(developer));
  asAdmin = bearer(await signToken(admin));
});
afterAll(() => guide?.stop());

const repoName = 'kubernetes/kubernetes';
const call = (name: string, as: readonly string[]) => callTool(guide.mcpUrl, name, { repoName }, as);

/** The same call in a legacy session, as the Inspector 1.x of the guide makes it. */
async function callInSession(name: string, as: readonly string[]): Promise<CurlAnswer> {
  const session = await openSession(guide.mcpUrl, as);
  return curlMessage(guide.mcpUrl, { id: 2, method: 'tools/call', params: { name, arguments: { repoName } } }, session);
}

describe('Steps 2 to 6: the manifests as the guide writes them', () => {
  test('[G-6.load] load without an error', async () => {
    const loaded = await guide.gateway.waitForLine(({ message }) => message === 'configuration loaded');
    expect(loaded).toMatchObject({ errors: 0, routers: expect.any(Number) });
    expect(guide.gateway.lines().filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('[G-6.404] leave every other host and path unanswered', async () => {
    const wrongHost = await curl(`${guide.gateway.webUrl}/deepwiki-mcp/mcp`, asDeveloper);
    const wrongPath = await curl(`${guide.base}/other`, asDeveloper);
    const likeThePath = await curl(`${guide.base}/deepwiki-mcpX/mcp`, asDeveloper);
    expect([wrongHost.status, wrongPath.status, likeThePath.status]).toEqual([404, 404, 404]);
  });

  test('[G-5.strip] reach the upstream below its own path, and its own 404 comes back', async () => {
    const elsewhere = await curl(`${guide.base}/deepwiki-mcp/nowhere`, asDeveloper);
    expect(elsewhere.status).toBe(404);
    expect(guide.seen.at(-1)).toMatchObject({ host: 'mcp.deepwiki.com' });
  });
});

describe('Step 7: discovery', () => {
  test('[G-7.metadata] the metadata document is the one the guide shows', async () => {
    const { status, headers, body } = await curl(`${guide.base}/.well-known/oauth-protected-resource/deepwiki-mcp`);
    expect([status, headers['content-type']]).toEqual([200, 'application/json']);
    const document = JSON.parse(body) as Record<string, unknown>;
    expect(Object.entries(document)).toEqual([
      ['resource', 'https://mcp.localhost/deepwiki-mcp'],
      ['authorization_servers', ['https://mcp.localhost/oauth/authorize']],
      ['bearer_methods_supported', ['header']],
      ['resource_documentation', 'https://docs.devin.ai/work-with-devin/deepwiki-mcp'],
    ]);
  });
});

describe('Step 9: with curl', () => {
  test('[G-9.challenge] without a token: 401, an empty body, and where to learn more', async () => {
    const { status, headers, body } = await curl(guide.mcpUrl);
    expect([status, headers['content-length'], body]).toEqual([401, '0', '']);
    expect(headers['www-authenticate']).toBe(
      'Bearer resource_metadata="https://mcp.localhost/.well-known/oauth-protected-resource/deepwiki-mcp"',
    );
  });

  test.each([
    ['another secret', () => signToken(developer, 'another-secret-that-is-long-enough-to-sign')],
    ['an expired token', () => signToken({ ...developer, exp: 1_700_000_000 })],
    ['no token at all', async () => 'gibberish'],
  ])('[G-9.bad-token] %s gets 401 and is told that the token is the reason', async (_, make) => {
    const { status, headers } = await curl(guide.mcpUrl, bearer(await make()));
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toContain('error="invalid_token"');
  });

  test('[G-9.stream] with a token a GET opens an event stream', async () => {
    const { status, headers } = await curl(guide.mcpUrl, asDeveloper, 1);
    expect([status, headers['content-type']]).toEqual([200, 'text/event-stream']);
  });

  test('[G-3.forward] the upstream learns who calls, and never sees the token', async () => {
    const spoofed = ['-H', 'X-User-ID: root', '-H', 'x_user_id: root'];
    await call('read_wiki_structure', [...asDeveloper, ...spoofed]);
    expect(guide.seen.at(-1)).toMatchObject({ 'x-user-id': 'test-user', 'x-user-groups': 'developer' });
    expect(
      guide.seen.filter((headers) => headers.authorization !== undefined || JSON.stringify(headers).includes('root')),
    ).toEqual([]);
  });
});

describe('Step 11: before the policy', () => {
  test.each(['read_wiki_structure', 'read_wiki_contents'])(
    '[G-11.call] the developer may call %s in both eras',
    async (name) => {
      for (const answer of [await call(name, asDeveloper), await callInSession(name, asDeveloper)]) {
        expect(answer.status).toBe(200);
        expect(answer.body).toContain('Control plane');
      }
    },
  );
});

describe('Step 12: the policy is edited while the gateway runs', () => {
  beforeAll(() => guide.restrict());

  test('[G-12.developer] the developer gets 403 for the contents, in both eras, and learns no more than that', async () => {
    for (const { status, body } of [
      await call('read_wiki_contents', asDeveloper),
      await callInSession('read_wiki_contents', asDeveloper),
    ]) {
      expect(status).toBe(403);
      expect(JSON.parse(body)).toEqual({
        jsonrpc: '2.0',
        id: expect.any(Number),
        error: { code: 403, message: 'denied by policy', data: { decisionId: expect.any(String) } },
      });
    }
  });

  test('[G-12.structure] the developer may still list the tools and read the structure', async () => {
    expect((await call('read_wiki_structure', asDeveloper)).status).toBe(200);
    const session = await openSession(guide.mcpUrl, asDeveloper);
    const listed = await curlMessage(guide.mcpUrl, { id: 3, method: 'tools/list' }, session);
    expect(listed.status).toBe(200);
    expect(listed.body).toContain('read_wiki_structure');
    // What the developer could never call is not shown to the developer.
    expect(listed.body).not.toContain('read_wiki_contents');
    expect(listed.body).not.toContain('ask_question');
  });

  test('[G-12.admin] the admin gets the contents, in both eras', async () => {
    for (const { status, body } of [
      await call('read_wiki_contents', asAdmin),
      await callInSession('read_wiki_contents', asAdmin),
    ]) {
      expect(status).toBe(200);
      expect(body).toContain('Control plane');
    }
  });

  test('[G-12.unlisted] a tool that no rule names is denied to everyone', async () => {
    const answer = await callTool(guide.mcpUrl, 'ask_question', { repoName, question: 'why?' }, asAdmin);
    expect(answer.status).toBe(403);
  });

  test('[G-12.log] the log says under the decision id that the caller was told: no policy matched, and in which middleware', async () => {
    const { body } = await call('read_wiki_contents', asDeveloper);
    const { error } = JSON.parse(body) as { error: { data: { decisionId: string } } };
    const ofDecision = (each: LogLine) => each['decisionId'] === error.data.decisionId;
    const line = await guide.gateway.waitForLine((each) => ofDecision(each) && each.level === 'debug');
    expect(line).toMatchObject({
      message: 'The request has been denied since no policy matched',
      middlewareName: 'apps-deepwiki-mcp-gateway@kubernetescrd',
      middlewareType: 'mcp',
      mcpName: 'read_wiki_contents',
      subject: 'test-user',
    });
  });

  test('[G-12.log-rule] when a rule denies, the log names the rule and what settled it', async () => {
    const rule = `        - name: contents-are-for-admins
          match: Equals(\`mcp.params.name\`, \`read_wiki_contents\`) && !Contains(\`jwt.groups\`, \`admin\`)
          action: deny
`;
    await guide.edit((manifest) => manifest.replace('      policies:\n', `      policies:\n${rule}`));
    const { body } = await call('read_wiki_contents', asDeveloper);
    const { error } = JSON.parse(body) as { error: { data: { decisionId: string } } };
    const line = await guide.gateway.waitForLine(
      (each) => each['decisionId'] === error.data.decisionId && each.level === 'debug',
    );
    expect(line).toMatchObject({ reason: 'rule', rule: 0, policyName: 'contents-are-for-admins' });
    expect(JSON.stringify(line)).toContain('Contains(`jwt.groups`, `admin`)');
  });
});
