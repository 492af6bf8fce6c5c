import { expect, it } from 'vitest';
import { stringify } from '../http/json.ts';
import { readParts } from './answer-parts.ts';
import { ItemBook } from './item-book.ts';

const learn = (book: ItemBook, value: unknown) => book.learn(readParts(JSON.stringify(value)));
const known = (book: ItemBook, kind: 'tools' | 'prompts' | 'resources' | 'resourceTemplates') =>
  [...book.of(kind)].map(stringify);

it('keeps of each item what decides whether a caller sees it', () => {
  const book = new ItemBook();
  learn(book, {
    result: { tools: [{ name: 'a', description: 'long', annotations: { readOnlyHint: true } }, { name: 'b' }] },
  });
  learn(book, {
    result: {
      resources: [{ uri: 'x:y', name: 'n', annotations: { audience: [] } }],
      resourceTemplates: [{ uriTemplate: 'x:{z}' }],
    },
  });
  learn(book, { result: { prompts: [{ name: 'p' }, { name: 1 }, 'q', null] } });
  expect(known(book, 'tools')).toEqual(['{"name":"a","annotations":{"readOnlyHint":true}}', '{"name":"b"}']);
  expect(known(book, 'resources')).toEqual(['{"uri":"x:y"}']);
  expect(known(book, 'resourceTemplates')).toEqual(['{"uriTemplate":"x:{z}"}']);
  expect(known(book, 'prompts')).toEqual(['{"name":"p"}']);
});

it('tells what is listed from what is not, and that from what nobody knows', () => {
  const book = new ItemBook();
  expect(book.holds('tools', 'a')).toBeUndefined();
  learn(book, { result: { tools: [{ name: 'a' }] } });
  expect([book.holds('tools', 'a'), book.holds('tools', 'b'), book.holds('prompts', 'a')]).toEqual([
    true,
    false,
    undefined,
  ]);
});

it('adds pages, takes the newest word, and learns nothing from anything else', () => {
  const book = new ItemBook();
  learn(book, { result: { tools: [{ name: 'a' }] } });
  learn(book, { result: { tools: [{ name: 'b' }, { name: 'a', annotations: {} }] } });
  for (const other of [{ error: { tools: [{ name: 'z' }] } }, [], 'x', { result: { tools: { name: 'z' } } }])
    learn(book, other);
  expect(known(book, 'tools')).toEqual(['{"name":"a","annotations":{}}', '{"name":"b"}']);
  expect(known(book, 'prompts')).toEqual([]);
});
