import { describe, expect, it } from 'vitest';
import { scanJson } from '../http/json.ts';
import { readParts } from './answer-parts.ts';
import { headerArgumentsOf, ToolBook } from './tool-book.ts';

const scan = (value: unknown) => scanJson(Buffer.from(JSON.stringify(value)));

describe('headerArgumentsOf', () => {
  it('finds annotated properties through properties alone', () => {
    const schema = scan({
      type: 'object',
      properties: {
        region: { type: 'string', 'x-mcp-header': 'Region' },
        page: { type: 'object', properties: { count: { type: 'integer', 'x-mcp-header': 'Count' } } },
        list: { type: 'array', items: { type: 'string', 'x-mcp-header': 'Hidden' } },
        plain: { type: 'string' },
      },
    });
    expect(headerArgumentsOf(schema)).toEqual([
      { header: 'mcp-param-region', path: ['region'] },
      { header: 'mcp-param-count', path: ['page', 'count'] },
    ]);
  });

  it.each<[string, object]>([
    ['a name that is no token', { a: { type: 'string', 'x-mcp-header': 'a b' } }],
    ['an empty name', { a: { type: 'string', 'x-mcp-header': '' } }],
    ['a name that is no text', { a: { type: 'string', 'x-mcp-header': 1 } }],
    ['a number', { a: { type: 'number', 'x-mcp-header': 'a' } }],
    ['no type', { a: { 'x-mcp-header': 'a' } }],
    ['one name twice', { a: { type: 'string', 'x-mcp-header': 'a' }, b: { type: 'string', 'x-mcp-header': 'A' } }],
  ])('takes nothing from a schema with %s', (_name, properties) => {
    expect(
      headerArgumentsOf(scan({ properties: { ok: { type: 'string', 'x-mcp-header': 'ok' }, ...properties } })),
    ).toEqual([]);
  });

  it.each([undefined, null, 'x', [], { properties: [] }, { properties: { a: true } }])(
    'takes nothing from %j',
    (schema) => {
      expect(headerArgumentsOf(schema === undefined ? undefined : scan(schema))).toEqual([]);
    },
  );
});

const learn = (book: ToolBook, message: unknown) => book.learn(readParts(JSON.stringify(message)));

describe('ToolBook', () => {
  it('knows the tools of the lists it saw, the newest word of each', () => {
    const book = new ToolBook();
    learn(book, {
      result: { tools: [{ name: 'a', annotations: { readOnlyHint: true } }, { name: 'b' }, { noName: 1 }, 'x'] },
    });
    learn(book, { result: { tools: [{ name: 'c' }] } });
    expect(book.get('a')?.annotations?.get('readOnlyHint')).toBe(true);
    expect(book.get('b')).toMatchObject({ annotations: undefined, headerArguments: [] });
    expect(book.get('c')).toBeDefined();
    expect(book.get('d')).toBe(undefined);
    learn(book, { result: { tools: [{ name: 'a', annotations: { readOnlyHint: false } }] } });
    expect(book.get('a')?.annotations?.get('readOnlyHint')).toBe(false);
  });

  it('learns nothing from anything else', () => {
    const book = new ToolBook();
    for (const other of [{ error: {} }, { result: { tools: {} } }, [], 'x']) learn(book, other);
    expect(book.get('a')).toBe(undefined);
  });
});
