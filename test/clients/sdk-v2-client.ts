import { Client, StreamableHTTPClientTransport, type VersionNegotiationMode } from '@modelcontextprotocol/client';
import { type Answer, type ClientKind, clientAnswers } from './client-under-test.ts';

/** The TypeScript SDK v2 in one of its ways to settle the era. */
export function sdkV2(name: string, mode: VersionNegotiationMode): ClientKind {
  return {
    name: `TypeScript SDK v2, ${name}`,
    connect: async (url, headers) => {
      const notices: string[] = [];
      const client = new Client(
        { name: 'portcullis-test-v2', version: '1.0.0' },
        {
          capabilities: { sampling: {}, elicitation: { form: {} }, roots: {} },
          versionNegotiation: { mode },
          listChanged: {
            tools: { onChanged: () => void notices.push('tools changed'), autoRefresh: false, debounceMs: 0 },
          },
        },
      );
      client.setRequestHandler('sampling/createMessage', () => ({
        model: 'test-model',
        role: 'assistant',
        content: { type: 'text', text: clientAnswers.model },
      }));
      client.setRequestHandler('elicitation/create', ({ params }) => {
        const fields = params.mode === 'url' ? [] : Object.keys(params.requestedSchema.properties);
        return { action: 'accept', content: Object.fromEntries(fields.map((field) => [field, answerTo(field)])) };
      });
      client.setRequestHandler('roots/list', () => ({ roots: [{ uri: clientAnswers.root }] }));
      client.setNotificationHandler(
        'notifications/resources/updated',
        ({ params }) => void notices.push(`updated ${params.uri}`),
      );
      const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
      await client.connect(transport);
      const era = client.getProtocolEra() ?? 'legacy';
      const stops = new Map<string, () => Promise<unknown>>();
      return {
        era,
        notices,
        capabilities: { ...client.getServerCapabilities() },
        listTools: async () => (await client.listTools()).tools.map((tool) => tool.name),
        callTool: async (tool, args = {}, { onProgress, signal } = {}) => {
          const result = await client.callTool(
            { name: tool, arguments: args },
            {
              ...(signal === undefined ? {} : { signal }),
              ...(onProgress === undefined ? {} : { onprogress: ({ progress }) => onProgress(progress) }),
            },
          );
          return { text: JSON.stringify(result.content), failed: result.isError === true };
        },
        listResources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
        listTemplates: async () =>
          (await client.listResourceTemplates()).resourceTemplates.map(({ uriTemplate }) => uriTemplate),
        readResource: async (uri) => asAnswer((await client.readResource({ uri })).contents),
        listPrompts: async () => (await client.listPrompts()).prompts.map((prompt) => prompt.name),
        getPrompt: async (prompt, args = {}) =>
          asAnswer((await client.getPrompt({ name: prompt, arguments: args })).messages),
        complete: async (prompt, argument, typed) =>
          (
            await client.complete({
              ref: { type: 'ref/prompt', name: prompt },
              argument: { name: argument, value: typed },
            })
          ).completion.values,
        watch: async (uri) => {
          if (era === 'modern') {
            const subscription = await client.listen({ resourceSubscriptions: [uri] });
            stops.set(uri, () => subscription.close());
          } else {
            await client.subscribeResource({ uri });
            stops.set(uri, () => client.unsubscribeResource({ uri }));
          }
        },
        unwatch: async (uri) => void (await stops.get(uri)?.()),
        ...(era === 'legacy'
          ? {
              endSession: async () => {
                const { sessionId = '' } = transport;
                await transport.terminateSession();
                return sessionId;
              },
            }
          : {}),
        close: () => client.close(),
      };
    },
  };
}

const asAnswer = (value: unknown): Answer => ({ text: JSON.stringify(value), failed: false });

function answerTo(field: string): string | boolean {
  return new Map<string, string | boolean>(Object.entries(clientAnswers)).get(field) ?? '';
}
