import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readParts } from './answer-parts.ts';
import { type CallerCan, hideCapabilities } from './capabilities.ts';
import type { Era } from './era.ts';
import type { ListKind } from './methods.ts';
import { splice } from './splice.ts';

const callers =
  (...able: readonly string[]) =>
  (asked: string[] = []): CallerCan => ({
    use: (method) => {
      asked.push(method);
      return able.includes(method);
    },
    list: (kind) => able.includes(`list ${kind}`),
  });

const run = (text: string, era: Era, can: CallerCan) => splice(text, hideCapabilities(readParts(text), era, can));
const greeting = (capabilities: string) =>
  `{"jsonrpc":"2.0", "id":1.0,"result":{"protocolVersion":"x","capabilities":${capabilities},"serverInfo":{"name":"é \\u00e9"}}}`;

describe('[PL-6.capabilities] what a caller could never use is not offered', () => {
  it.each<[Era, string, readonly string[], string]>([
    ['legacy', '{"tools":{"listChanged":true}}', [], '{}'],
    ['legacy', '{"tools":{"listChanged":true}}', ['tools/call'], '{"tools":{"listChanged":true}}'],
    ['legacy', '{"tools":{}}', ['list tools'], '{"tools":{}}'],
    ['legacy', '{ "tools":{} , "prompts":{} }', ['prompts/get'], '{ "prompts":{} }'],
    ['legacy', '{ "tools":{} , "prompts":{} }', ['list prompts'], '{ "prompts":{} }'],
    ['legacy', '{ "tools":{} , "prompts":{} }', ['tools/call'], '{ "tools":{} }'],
    ['legacy', '{"resources":{"subscribe":true,"listChanged":true}}', [], '{}'],
    ['legacy', '{"resources":{"subscribe":true,"x":1}}', ['resources/read'], '{"resources":{"x":1}}'],
    ['legacy', '{"resources":{"subscribe":true}}', ['list resources'], '{"resources":{}}'],
    ['legacy', '{"resources":{"subscribe":true}}', ['list resourceTemplates'], '{"resources":{}}'],
    [
      'modern',
      '{"resources":{"subscribe":true}}',
      ['resources/subscribe', 'list resources'],
      '{"resources":{"subscribe":true}}',
    ],
    ['legacy', '{"resources":{"subscribe":true}}', ['resources/subscribe'], '{"resources":{"subscribe":true}}'],
    ['legacy', '{"completions":{},"logging":{}}', ['completion/complete'], '{"completions":{}}'],
    ['legacy', '{"completions":{},"logging":{}}', ['logging/setLevel'], '{"logging":{}}'],
    ['modern', '{"completions":{},"logging":{}}', [], '{"logging":{}}'],
    ['legacy', '{"tasks":{"list":{},"cancel":{},"requests":{"tools":{"call":{}}}}}', [], '{}'],
    [
      'legacy',
      '{"tasks":{"list":{},"cancel":{},"requests":{"tools":{"call":{}}}}}',
      ['tools/call'],
      '{"tasks":{"requests":{"tools":{"call":{}}}}}',
    ],
    [
      'legacy',
      '{"tasks":{"list":{},"cancel":{},"requests":{"tools":{"call":{}}}}}',
      ['tasks/cancel'],
      '{"tasks":{"cancel":{},"requests":{}}}',
    ],
    ['modern', '{"tasks":{"list":{}}}', [], '{"tasks":{"list":{}}}'],
    [
      'modern',
      '{"extensions":{"io.modelcontextprotocol/tasks":{},"com.example/x":{}}}',
      [],
      '{"extensions":{"com.example/x":{}}}',
    ],
    [
      'modern',
      '{"extensions":{"io.modelcontextprotocol/tasks":{}}}',
      ['tasks/update'],
      '{"extensions":{"io.modelcontextprotocol/tasks":{}}}',
    ],
    [
      'legacy',
      '{"experimental":{"tools":{}},"x-tools":{},"constructor":{"tools":{}},"__proto__":{"tools":{}}}',
      [],
      '{"experimental":{"tools":{}},"x-tools":{},"constructor":{"tools":{}},"__proto__":{"tools":{}}}',
    ],
    ['legacy', '{"to\\u006fls":{}}', [], '{}'],
    [
      'legacy',
      '{"tools":null,"prompts":true,"resources":[{"subscribe":1}]}',
      ['resources/read'],
      '{"resources":[{"subscribe":1}]}',
    ],
  ])('%s: %s, able %j', (era, capabilities, able, expected) => {
    expect(run(greeting(capabilities), era, callers(...able)())).toBe(greeting(expected));
  });

  it.each([
    '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"x"}}',
    '{"jsonrpc":"2.0","id":1,"result":{"capabilities":["tools"]}}',
    '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x","data":{"capabilities":{"tools":{}}}}}',
    '{"jsonrpc":"2.0","id":1,"method":"x","params":{"capabilities":{"tools":{}}}}',
    '[{"result":{"capabilities":{"tools":{}}}}]',
  ])('nothing else is touched: %s', (text) => {
    expect(run(text, 'legacy', callers()())).toBe(text);
  });

  it('asks about nothing that is not offered', () => {
    const asked: string[] = [];
    run(greeting('{"completions":{}}'), 'legacy', callers()(asked));
    expect(asked).toEqual(['completion/complete']);
  });

  it('the rest of an answer is what it was, whatever the answer and the caller', () => {
    const names = [
      'tools',
      'prompts',
      'resources',
      'completions',
      'logging',
      'tasks',
      'extensions',
      'experimental',
      'x',
    ];
    const methods = ['tools/call', 'prompts/get', 'resources/read', 'resources/subscribe', 'completion/complete'];
    const kinds: readonly ListKind[] = ['tools', 'prompts', 'resources', 'resourceTemplates'];
    const inner = fc.dictionary(fc.constantFrom('subscribe', 'listChanged', 'list', 'cancel', 'y'), fc.jsonValue(), {
      maxKeys: 3,
    });
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...names), inner),
        fc.dictionary(fc.stringMatching(/^x-[a-z]{1,3}$/), fc.jsonValue()),
        fc.subarray([...methods, ...kinds.map((kind) => `list ${kind}`)]),
        fc.constantFrom<Era>('legacy', 'modern'),
        fc.constantFrom(undefined, 1, '\t'),
        (offered, more, able, era, indent) => {
          const result = { ...more, capabilities: offered, instructions: 'tools' };
          const text = JSON.stringify({ id: 1, result, jsonrpc: '2.0' }, null, indent);
          // As it was sent: JSON.stringify writes -0 as 0.
          const message = JSON.parse(text);
          const { capabilities } = message.result;
          const filtered = JSON.parse(run(text, era, callers(...able)()));
          const left = filtered.result.capabilities;
          expect(filtered).toEqual({ ...message, result: { ...message.result, capabilities: left } });
          expect(Object.keys(left)).toEqual(Object.keys(capabilities).filter((name) => name in left));
          for (const [name, value] of Object.entries(left)) expect(capabilities[name]).toMatchObject(value as object);
          const may = (...words: string[]) => words.some((word) => able.includes(word));
          if ('tools' in capabilities) expect('tools' in left).toBe(may('tools/call', 'list tools'));
          if ('prompts' in capabilities) expect('prompts' in left).toBe(may('prompts/get', 'list prompts'));
          if ('completions' in capabilities) expect('completions' in left).toBe(may('completion/complete'));
          if ('experimental' in capabilities) expect(left.experimental).toEqual(capabilities['experimental']);
        },
      ),
    );
  });
});
