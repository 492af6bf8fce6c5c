import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  type CallToolResult,
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { type Answer, type ClientKind, clientAnswers } from './client-under-test.ts';

/** The first generation of the TypeScript SDK; it knows the legacy era only. */
export const sdkV1: ClientKind = {
  name: 'TypeScript SDK v1',
  connect: async (url, headers) => {
    const notices: string[] = [];
    const client = new Client(
      { name: 'portcullis-test-v1', version: '1.0.0' },
      { capabilities: { sampling: {}, elicitation: {}, roots: {} } },
    );
    client.setRequestHandler(CreateMessageRequestSchema, () => ({
      model: 'test-model',
      role: 'assistant' as const,
      content: { type: 'text' as const, text: clientAnswers.model },
    }));
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      const known = new Map<string, string | boolean>(Object.entries(clientAnswers));
      const fields = 'requestedSchema' in params ? Object.keys(params.requestedSchema.properties) : [];
      return {
        action: 'accept' as const,
        content: Object.fromEntries(fields.map((field) => [field, known.get(field) ?? ''])),
      };
    });
    client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: clientAnswers.root }] }));
    client.setNotificationHandler(
      ResourceUpdatedNotificationSchema,
      ({ params }) => void notices.push(`updated ${params.uri}`),
    );
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => void notices.push('tools changed'));
    const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { ...headers } } });
    // The transport's optional members are written without `undefined`, which exactOptionalPropertyTypes tells apart.
    await client.connect(transport as Transport);
    return {
      era: 'legacy',
      notices,
      capabilities: { ...client.getServerCapabilities() },
      listTools: async () => (await client.listTools()).tools.map((tool) => tool.name),
      callTool: async (tool, args = {}, { onProgress, signal } = {}) => {
        const result = (await client.callTool({ name: tool, arguments: args }, undefined, {
          ...(signal === undefined ? {} : { signal }),
          ...(onProgress === undefined ? {} : { onprogress: ({ progress }) => onProgress(progress) }),
        })) as CallToolResult;
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
      watch: async (uri) => void (await client.subscribeResource({ uri })),
      unwatch: async (uri) => void (await client.unsubscribeResource({ uri })),
      endSession: async () => {
        const { sessionId = '' } = transport;
        await transport.terminateSession();
        return sessionId;
      },
      close: () => client.close(),
    };
  },
};

const asAnswer = (value: unknown): Answer => ({ text: JSON.stringify(value), failed: false });
