import { expect, test } from 'vitest';
import type { McpFacts } from '../../http/facts.ts';
import { NameLimit } from './name-limit.ts';

const call = (name: string, more: Partial<McpFacts> = {}): McpFacts => ({
  kind: 'request',
  era: 'modern',
  method: 'tools/call',
  name,
  offered: true,
  uri: undefined,
  requestId: '1',
  sessionId: undefined,
  protocolVersion: undefined,
  errorCode: undefined,
  toolError: false,
  hidden: 0,
  ...more,
});

test.each([
  ['listed', call('a'), 200, 'a'],
  ['listed, denied', call('a'), 403, 'a'],
  ['not listed, although the upstream answers any name', call('a', { offered: false }), 200, '_other'],
  ['before any list, answered', call('a', { offered: undefined }), 200, 'a'],
  ['before any list, refused', call('a', { offered: undefined }), 403, '_other'],
  ['before any list, an error', call('a', { offered: undefined, errorCode: -32602 }), 200, '_other'],
  ['before any list, a failure of the tool', call('a', { offered: undefined, toolError: true }), 200, '_other'],
  ['a prompt', call('a', { method: 'prompts/get' }), 200, 'a'],
  ['a resource, which has no name', call('a', { method: 'resources/read' }), 200, ''],
] as const)('%s', (_, facts, status, label) => {
  expect(new NameLimit(10).allow('route', facts, status)).toBe(label);
});

test('[TEL-cardinality] a route has so many names and no more, each of them for good; another route has its own', () => {
  const names = new NameLimit(2);
  const labels = ['a', 'b', 'c', 'a', 'c'].map((name) => names.allow('one', call(name), 200));
  expect(labels).toEqual(['a', 'b', '_other', 'a', '_other']);
  expect(names.allow('two', call('c'), 200)).toBe('c');
});
