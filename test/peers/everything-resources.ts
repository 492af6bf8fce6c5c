import { completable, type McpServer, ResourceTemplate } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { redPixelPng } from './everything-content.ts';

export function registerResources(server: McpServer): void {
  const plain = (name: string, uri: string, description: string, value: string) =>
    server.registerResource(name, uri, { description, mimeType: 'text/plain' }, () => ({
      contents: [{ uri, mimeType: 'text/plain', text: value }],
    }));
  plain(
    'static-text',
    'test://static-text',
    'A text that never changes',
    'This is the content of the static text resource.',
  );
  plain('watched-resource', 'test://watched-resource', 'A text to subscribe to', `Content of the watched resource.`);
  server.registerResource(
    'static-binary',
    'test://static-binary',
    { description: 'An image', mimeType: 'image/png' },
    () => ({
      contents: [{ uri: 'test://static-binary', mimeType: 'image/png', blob: redPixelPng }],
    }),
  );
  server.registerResource(
    'template',
    new ResourceTemplate('test://template/{id}/data', { list: undefined }),
    { description: 'A record for each id', mimeType: 'application/json' },
    (uri, { id }) => ({
      contents: [
        {
          uri: uri.href,
          mimeType: 'application/json',
          text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
        },
      ],
    }),
  );
}

export function registerPrompts(server: McpServer): void {
  const said = (value: string) => ({ role: 'user' as const, content: { type: 'text' as const, text: value } });
  server.registerPrompt('test_simple_prompt', { description: 'A prompt without arguments' }, () => ({
    messages: [said('This is a simple prompt for testing.')],
  }));
  const completed = (description: string) =>
    completable(z.string().describe(description), (typed) =>
      ['paris', 'park', 'party'].filter((value) => value.startsWith(typed)),
    );
  server.registerPrompt(
    'test_prompt_with_arguments',
    {
      description: 'A prompt with two arguments',
      argsSchema: z.object({
        arg1: completed('First test argument'),
        arg2: z.string().describe('Second test argument'),
      }),
    },
    ({ arg1, arg2 }) => ({ messages: [said(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)] }),
  );
  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    {
      description: 'A prompt that embeds a resource',
      argsSchema: z.object({ resourceUri: z.string().describe('URI of the resource to embed') }),
    },
    ({ resourceUri }) => ({
      messages: [
        {
          role: 'user',
          content: {
            type: 'resource',
            resource: { uri: resourceUri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' },
          },
        },
        said('Please process the embedded resource above.'),
      ],
    }),
  );
  server.registerPrompt('test_prompt_with_image', { description: 'A prompt that embeds an image' }, () => ({
    messages: [
      { role: 'user', content: { type: 'image', data: redPixelPng, mimeType: 'image/png' } },
      said('Please analyze the image above.'),
    ],
  }));
}
