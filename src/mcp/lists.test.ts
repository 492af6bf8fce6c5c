import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readParts } from './answer-parts.ts';
import { hideItems, makePrivate, type ShowItem } from './lists.ts';
import { splice } from './splice.ts';

const only =
  (...keys: string[]): ShowItem =>
  (_kind, key) =>
    keys.includes(key);
const run = (value: unknown, show: ShowItem) => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const parts = readParts(Buffer.from(text));
  const { edits, hidden } = hideItems(parts, show);
  return { hidden, text: splice(text, [...edits, ...makePrivate(parts)]) };
};

describe('[DP-6.lists] lists', () => {
  it.each([
    ['tools', 'name'],
    ['prompts', 'name'],
    ['resources', 'uri'],
    ['resourceTemplates', 'uriTemplate'],
  ])('takes hidden items out of %s and keeps everything else', (list, key) => {
    const text = `{"jsonrpc":"2.0","id":1.0,"result":{"_meta":{"x":1e400},"${list}":[{"${key}":"a","z":9007199254740993},{"${key}":"b"}],"nextCursor":"c=","ttlMs":5,"extra":[{}]},"more":null}`;
    expect(run(text, only('a'))).toEqual({ hidden: 1, text: text.replace(`,{"${key}":"b"}`, '') });
  });

  it('leaves an emptied page its cursor', () => {
    expect(run({ result: { tools: [{ name: 'b' }], nextCursor: 'n' } }, only()).text).toBe(
      '{"result":{"tools":[],"nextCursor":"n"}}',
    );
  });

  it('makes a public list private, and a private one stays', () => {
    expect(run({ result: { tools: [], cacheScope: 'public', ttlMs: 1 } }, only()).text).toBe(
      '{"result":{"tools":[],"cacheScope":"private","ttlMs":1}}',
    );
    for (const text of ['{"result":{"tools":[],"cacheScope":"private"}}', '{"result":{"tools":[]}}'])
      expect(run(text, only()).text).toBe(text);
  });

  it('hides what has no name to judge', () => {
    expect(
      run({ result: { tools: [{}, { name: 1 }, 'a', null, ['a'], { Name: 'a' }, { name: 'a' }] } }, only('a')),
    ).toMatchObject({
      hidden: 6,
      text: '{"result":{"tools":[{"name":"a"}]}}',
    });
  });

  it.each([
    ['another result', { result: { content: [{ name: 'b' }] } }],
    ['an error', { error: { code: 1, message: 'x', data: { tools: [{ name: 'b' }] } } }],
    ['a request of the server', { method: 'sampling/createMessage', params: { tools: [{ name: 'b' }] } }],
    ['a list that is none', { result: { tools: { name: 'b' } } }],
    ['an array', [{ result: { tools: [] } }]],
    ['text', '"x"'],
  ])('leaves %s alone', (_name, value) => {
    const before = JSON.stringify(value);
    expect(run(before, only()).text).toBe(before);
  });

  it('never shows what is hidden, never loses what is not, keeps order and unknown fields', () => {
    const item = fc.record({ name: fc.constantFrom('a', 'b', 'c'), extra: fc.jsonValue({ maxDepth: 2 }) });
    fc.assert(
      fc.property(
        fc.array(item),
        fc.subarray(['a', 'b', 'c']),
        fc.dictionary(fc.stringMatching(/^x-[a-z]+$/), fc.jsonValue({ maxDepth: 1 })),
        (tools, shown, unknown) => {
          const message = { jsonrpc: '2.0', id: 1, result: { ...unknown, tools, nextCursor: 'n' } };
          const { text, hidden } = run(JSON.stringify(message), only(...shown));
          const kept = tools.filter((tool) => shown.includes(tool.name));
          expect(text).toBe(JSON.stringify({ ...message, result: { ...message.result, tools: kept } }));
          expect(hidden).toBe(tools.length - kept.length);
        },
      ),
    );
  });
});
