/**
 * The client that the suite's client leg runs: `node client-under-suite.ts [--through] URL`. It connects to the suite's
 * server, straight or through a gateway of its own, and uses whatever the server offers. Which scenario it is in, the
 * suite says in the environment.
 */
import { Client, StreamableHTTPClientTransport, type Tool } from '@modelcontextprotocol/client';
import { startTestGateway } from '../peers/gateway.ts';
import { allowEverythingRoute } from '../peers/routes.ts';

type ToolCall = { readonly name: string; readonly arguments: Record<string, unknown> };

const target = process.argv.at(-1) ?? '';
const modern = (process.env['MCP_CONFORMANCE_PROTOCOL_VERSION'] ?? '') >= '2026';
const context = JSON.parse(process.env['MCP_CONFORMANCE_CONTEXT'] ?? '{}') as { toolCalls?: readonly ToolCall[] };

if (process.argv.includes('--through')) {
  const gateway = await startTestGateway({
    files: { 'suite.yaml': allowEverythingRoute(Number(new URL(target).port)) },
  });
  try {
    await useServer(`${gateway.webUrl}${new URL(target).pathname}`);
  } finally {
    await gateway.stop();
  }
} else {
  await useServer(target);
}

async function useServer(url: string): Promise<void> {
  const client = new Client(
    { name: 'portcullis-conformance-client', version: '1.0.0' },
    {
      capabilities: { sampling: {}, elicitation: { form: { applyDefaults: true } }, roots: {} },
      versionNegotiation: { mode: modern ? { pin: '2026-07-28' } : 'legacy' },
    },
  );
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: {} }));
  client.setRequestHandler('sampling/createMessage', () => ({
    model: 'none',
    role: 'assistant',
    content: { type: 'text', text: 'nothing' },
  }));
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  const offered = client.getServerCapabilities() ?? {};
  const { tools } = await client.listTools();
  for (const call of context.toolCalls ?? tools.map(sampleCall)) await client.callTool(call).catch(report);
  if (offered.resources !== undefined) {
    for (const { uri } of (await client.listResources()).resources) await client.readResource({ uri }).catch(report);
  }
  if (offered.prompts !== undefined) {
    for (const { name } of (await client.listPrompts()).prompts) await client.getPrompt({ name }).catch(report);
  }
  await client.close();
}

/** A failing call is for the suite to judge, not for the client to stop at. */
function report(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
}

function sampleCall({ name, inputSchema }: Tool): ToolCall {
  const samples: Readonly<Record<string, unknown>> = {
    string: 'text',
    number: 2,
    integer: 2,
    boolean: true,
    array: [],
    object: {},
  };
  const properties = Object.entries(inputSchema.properties ?? {});
  return { name, arguments: Object.fromEntries(properties.map(([key, schema]) => [key, samples[typeOf(schema)]])) };
}

function typeOf(schema: unknown): string {
  return typeof schema === 'object' && schema !== null && 'type' in schema ? String(schema.type) : 'string';
}
