import { setTimeout as sleep } from 'node:timers/promises';
import { fromJsonSchema, type McpServer, type ServerContext } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { redPixelPng, silentWav } from './everything-content.ts';

/** What tools can do to the server around them. */
export type EverythingControls = {
  readonly changeTools: () => void;
  readonly changePrompts: () => void;
  readonly touchResource: (uri: string) => void;
  readonly cancelled: () => void;
};

const text = (value: string) => ({ type: 'text' as const, text: value });
const image = { type: 'image' as const, data: redPixelPng, mimeType: 'image/png' };
const resource = (uri: string, mimeType: string, value: string) => ({
  type: 'resource' as const,
  resource: { uri, mimeType, text: value },
});
const pauseMs = 50;

/** Tools that answer by themselves, asking the client nothing. */
export function registerPlainTools(server: McpServer, controls: EverythingControls): void {
  const fixed = {
    test_simple_text: [text('This is a simple text response for testing.')],
    test_image_content: [image],
    test_audio_content: [{ type: 'audio' as const, data: silentWav, mimeType: 'audio/wav' }],
    test_embedded_resource: [
      resource('test://embedded-resource', 'text/plain', 'This is an embedded resource content.'),
    ],
    test_multiple_content_types: [
      text('Multiple content types test:'),
      image,
      resource('test://mixed-content-resource', 'application/json', JSON.stringify({ test: 'data', value: 123 })),
    ],
  };
  for (const [name, content] of Object.entries(fixed)) {
    server.registerTool(name, { description: `Always gives the same content (${name})` }, () => ({
      content: [...content],
    }));
  }
  server.registerTool('test_error_handling', { description: 'Always fails' }, () => {
    throw new Error('This tool intentionally returns an error for testing');
  });
  server.registerTool(
    'json_schema_2020_12_tool',
    { description: 'Carries a schema with 2020-12 keywords', inputSchema: fromJsonSchema(schema2020) },
    () => ({
      content: [text('schema accepted')],
    }),
  );
  server.registerTool(
    'test_x_mcp_header',
    { description: 'Has an argument that clients mirror in a header', inputSchema: fromJsonSchema(mirroredSchema) },
    (args) => ({ content: [text(`arguments: ${JSON.stringify(args)}`)] }),
  );
  server.registerTool('test_trigger_tool_change', { description: 'Changes the list of tools' }, () => {
    controls.changeTools();
    return { content: [text('tools changed')] };
  });
  server.registerTool('test_trigger_prompt_change', { description: 'Changes the list of prompts' }, () => {
    controls.changePrompts();
    return { content: [text('prompts changed')] };
  });
  server.registerTool(
    'touch_resource',
    { description: 'Tells subscribers that a resource has new content', inputSchema: z.object({ uri: z.string() }) },
    ({ uri }) => {
      controls.touchResource(uri);
      return { content: [text(`touched ${uri}`)] };
    },
  );
}

/** Tools that take their time, report on it, and can be interrupted. */
export function registerSlowTools(server: McpServer, controls: EverythingControls): void {
  const logging = async ({ mcpReq }: ServerContext) => {
    const steps = ['Tool execution started', 'Tool processing data', 'Tool execution completed'];
    for (const [index, step] of steps.entries()) {
      if (index > 0) await sleep(pauseMs);
      await mcpReq.log('info', step);
    }
    return { content: [text('Logged three times')] };
  };
  server.registerTool('test_tool_with_logging', { description: 'Logs while it runs' }, logging);
  server.registerTool('test_logging_tool', { description: 'Logs if the request asks for it' }, logging);
  server.registerTool('test_tool_with_progress', { description: 'Reports progress' }, async (context) => {
    for (const progress of [0, 50, 100]) {
      if (progress > 0) await sleep(pauseMs);
      await reportProgress(context, progress, 100);
    }
    return { content: [text('Progressed to the end')] };
  });
  server.registerTool(
    'test_reconnection',
    { description: 'Closes its stream and answers on the next one' },
    async ({ http, mcpReq }) => {
      http?.closeSSE?.();
      await sleep(2 * pauseMs, undefined, { signal: mcpReq.signal });
      return { content: [text('Answered after the stream was closed')] };
    },
  );
  server.registerTool(
    'wait',
    {
      description: 'Waits, reporting progress, until the time is over or the caller gives up',
      inputSchema: z.object({ ms: z.number().int().max(60_000) }),
    },
    async ({ ms }, context) => {
      const { signal } = context.mcpReq;
      signal.addEventListener('abort', controls.cancelled, { once: true });
      await reportProgress(context, 0, 1);
      await sleep(ms, undefined, { signal });
      await reportProgress(context, 1, 1);
      return { content: [text(`waited ${ms} ms`)] };
    },
  );
}

/** Sends a progress notice to a caller who gave a token for it. */
export async function reportProgress({ mcpReq }: ServerContext, progress: number, total: number): Promise<void> {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return;
  await mcpReq.notify({
    method: 'notifications/progress',
    params: { progressToken, progress, total, message: `${progress} of ${total}` },
  });
}

const mirroredSchema = {
  type: 'object' as const,
  properties: {
    region: { type: 'string', description: 'Mirrored as Mcp-Param-Region', 'x-mcp-header': 'Region' },
    limit: { type: 'integer', description: 'Mirrored as Mcp-Param-Limit', 'x-mcp-header': 'Limit' },
    note: { type: 'string', description: 'Not mirrored' },
  },
  required: ['region'],
};

const schema2020 = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object' as const,
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  // biome-ignore lint/suspicious/noThenProperty: "then" is a JSON Schema keyword
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
};
