import { X509Certificate } from 'node:crypto';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDemoCertificates } from '../certificates.ts';
import { type RunningWiki, startWiki } from './wiki.ts';

let wiki: RunningWiki;
beforeAll(async () => {
  wiki = await startWiki();
});
afterAll(() => wiki.close());

const text = (result: { content?: unknown }) => JSON.stringify(result.content);

describe.each([
  ['legacy', undefined],
  ['modern', { mode: { pin: '2026-07-28' } }],
] as const)('a %s client', (_, versionNegotiation) => {
  let client: Client;
  beforeAll(async () => {
    client = new Client({ name: 'test', version: '1' }, versionNegotiation === undefined ? {} : { versionNegotiation });
    await client.connect(new StreamableHTTPClientTransport(new URL(wiki.url)));
  });
  afterAll(() => client.close());

  test('finds the three tools of the guide, marked as read-only', async () => {
    const { tools } = await client.listTools();
    expect(tools.map((tool) => [tool.name, tool.annotations?.readOnlyHint])).toEqual([
      ['read_wiki_structure', true],
      ['read_wiki_contents', true],
      ['ask_question', true],
    ]);
    expect(client.getServerCapabilities()?.tools?.listChanged).toBe(true);
  });

  test('reads structure and contents', async () => {
    const structure = await client.callTool({
      name: 'read_wiki_structure',
      arguments: { repoName: 'kubernetes/kubernetes' },
    });
    expect(text(structure)).toContain('Control plane');
    const contents = await client.callTool({
      name: 'read_wiki_contents',
      arguments: { repoName: 'kubernetes/kubernetes' },
    });
    expect(text(contents)).toContain('# Page: Scheduling and resources');
  });

  test('reports an unknown repository as a failure the model can read', async () => {
    const result = await client.callTool({ name: 'read_wiki_contents', arguments: { repoName: 'no/body' } });
    expect(result.isError).toBe(true);
    expect(text(result)).toContain('portcullis/portcullis');
  });

  test('answers a question with passages, reporting progress', async () => {
    const progress: number[] = [];
    const result = await client.callTool(
      { name: 'ask_question', arguments: { repoName: 'portcullis/portcullis', question: 'what is in the logs?' } },
      { onprogress: (step) => void progress.push(step.progress) },
    );
    expect(text(result)).toContain('wiki://portcullis/portcullis/operations');
    expect(progress).toEqual([0, 1]);
  });

  test('offers pages as resources, tables of contents by template, and a prompt with completion', async () => {
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toContain('wiki://kubernetes/kubernetes/scheduling');
    const page = await client.readResource({ uri: 'wiki://kubernetes/kubernetes/scheduling' });
    expect(page.contents[0]).toMatchObject({
      mimeType: 'text/markdown',
      text: expect.stringContaining('# Scheduling'),
    });
    const contents = await client.readResource({ uri: 'wiki://modelcontextprotocol/specification' });
    expect(contents.contents[0]).toMatchObject({ text: expect.stringContaining('Streamable HTTP') });
    await expect(client.readResource({ uri: 'wiki://no/body' })).rejects.toMatchObject({ code: -32602 });
    const prompt = await client.getPrompt({
      name: 'explain_topic',
      arguments: { repoName: 'kubernetes/kubernetes', topic: 'taints' },
    });
    expect(JSON.stringify(prompt.messages)).toContain('Affinity');
    const { completion } = await client.complete({
      ref: { type: 'ref/prompt', name: 'explain_topic' },
      argument: { name: 'repoName', value: 'port' },
    });
    expect(completion.values).toEqual(['portcullis/portcullis']);
  });
});

test('a GET without a session opens an event stream at once', async () => {
  const stop = new AbortController();
  const response = await fetch(wiki.url, { signal: stop.signal });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  stop.abort();
});

test.each([
  ['GET', '/other', 404, {}],
  ['POST', '/mcp', 404, { 'mcp-session-id': 'nobody', 'content-type': 'application/json' }],
] as const)('%s %s is %i', async (method, path, status, headers) => {
  const body = method === 'POST' ? '{"jsonrpc":"2.0","id":1,"method":"ping"}' : null;
  const response = await fetch(new URL(path, wiki.url), { method, headers, body });
  await response.body?.cancel();
  expect(response.status).toBe(status);
});

test('serves HTTPS for the name of the guide with a certificate of the demo root, and closes with streams open', async () => {
  const { root, server } = await createDemoCertificates();
  expect(new X509Certificate(server.cert).checkIssued(new X509Certificate(root.cert))).toBe(true);
  const secure = await startWiki({ tls: server });
  const dispatcher = new Agent({ connect: { ca: root.cert, servername: 'mcp.deepwiki.com' } });
  const response = await request(secure.url, { dispatcher, headers: { host: 'mcp.deepwiki.com' } });
  expect(response.statusCode).toBe(200);
  const ended = response.body.text().catch(() => 'cut');
  await secure.close();
  await ended;
  await dispatcher.close();
});

test('a request that names a foreign host is refused, as a page that rebinds its own name would send it', async () => {
  const response = await request(wiki.url, { headers: { host: 'evil.example' } });
  await response.body.dump();
  expect(response.statusCode).toBe(403);
});
