import { expect, it } from 'vitest';
import { readOutcome } from './outcome.ts';

it.each<[string, object | undefined]>([
  ['{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"x"}}', { errorCode: -32602, toolError: false }],
  ['{"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":true}}', { errorCode: undefined, toolError: true }],
  ['{"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":"true"}}', { toolError: false }],
  ['{"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":false}}', { toolError: false }],
  ['{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25"}}', { protocolVersion: '2025-11-25' }],
  ['{"jsonrpc":"2.0","id":1,"result":{"content":[{"text":"\\"error\\""}]}}', undefined],
  [
    '{"jsonrpc":"2.0","id":1,"result":{"structuredContent":{"error":{"code":5}}}}',
    { errorCode: undefined, toolError: false },
  ],
  ['{"jsonrpc":"2.0","method":"notifications/message","params":{"isError":true},"error":{"code":1}}', undefined],
  ['{"error": not json', undefined],
  ['[{"error":{"code":1}}]', undefined],
  ['', undefined],
])('%s', (text, expected) => {
  for (const outcome of [readOutcome(text), readOutcome(Buffer.from(text))]) {
    if (expected === undefined) expect(outcome).toBe(undefined);
    else expect(outcome).toMatchObject(expected);
  }
});
