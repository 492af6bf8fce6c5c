import { expect, test } from 'vitest';
import { scanJsonText } from '../../http/json.ts';
import { compileRedaction } from './redaction.ts';

const redact = compileRedaction({ names: ['internal-ref'], limit: 400 });

test.each<[what: string, value: string, sensitive: readonly (readonly string[])[], shown: string]>([
  ['nothing sensitive', '{"a":1.10,"b":[true,null]}', [], '{"a":1.10,"b":[true,null]}'],
  ['a usual name, in any case', '{"apiKey":"x","API_KEY":1}', [], '{"apiKey":"REDACTED","API_KEY":"REDACTED"}'],
  ['a short name only as a whole', '{"pin":1,"shopping":2}', [], '{"pin":"REDACTED","shopping":2}'],
  ['a name of the operator', '{"internalRef":{"a":1}}', [], '{"internalRef":"REDACTED"}'],
  ['what the schema says', '{"a":{"b":1,"c":2}}', [['a', 'b']], '{"a":{"b":"REDACTED","c":2}}'],
  ['in every element', '{"l":[{"b":1},{"b":2}]}', [['l', '*', 'b']], '{"l":[{"b":"REDACTED"},{"b":"REDACTED"}]}'],
  ['a token in a text', '{"a":"Bearer abcdefghijkl"}', [], '{"a":"Bearer REDACTED"}'],
  [
    'a text that is JSON',
    '["{\\"password\\":\\"x\\",\\"n\\":1}"]',
    [],
    '["{\\"password\\":\\"REDACTED\\",\\"n\\":1}"]',
  ],
  ['a text that is JSON, by schema', '["[{\\"b\\":1}]"]', [['*', 'b']], '["[{\\"b\\":\\"REDACTED\\"}]"]'],
  ['a text that only looks like JSON', '["{no"]', [], '["{no"]'],
])('%s', (_what, value, sensitive, shown) => {
  expect(redact(scanJsonText(value), sensitive)).toBe(shown);
});

test('what is long is cut', () => {
  expect(redact('x'.repeat(500), [])).toBe(`"${'x'.repeat(399)}…`);
});
