import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonNumber } from '../http/json.ts';
import { Refusal } from '../http/refusal.ts';
import { type Message, readMessage } from './envelope.ts';

const read = (message: unknown): Message =>
  readMessage(Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)));

function refusalOf(run: () => unknown): { status: number; code: number; id: unknown; text: string } | undefined {
  try {
    run();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const text = String(error.toReply().body);
    const body = JSON.parse(text);
    return { status: error.status, code: body.error.code, id: body.id, text };
  }
  return undefined;
}

const call = (extra: object, params?: unknown) => ({
  jsonrpc: '2.0',
  id: 7,
  method: 'tools/call',
  ...(params === undefined ? {} : { params }),
  ...extra,
});

describe('[DP-3.envelope] readMessage accepts', () => {
  it.each<[string, unknown, Partial<Message>]>([
    ['a request', { jsonrpc: '2.0', id: 'a', method: 'tools/list' }, { kind: 'request', id: 'a' }],
    ['a request with an empty id', { jsonrpc: '2.0', id: '', method: 'ping' }, { kind: 'request', id: '' }],
    [
      'a number id, kept as text',
      '{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}',
      { id: new JsonNumber('9007199254740993') },
    ],
    [
      'a notification',
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      { kind: 'notification', id: undefined },
    ],
    ['a result', { jsonrpc: '2.0', id: 1, result: {} }, { kind: 'response' }],
    ['an error', { jsonrpc: '2.0', id: 1, error: { code: -1, message: 'no' } }, { kind: 'response' }],
    [
      'an error without an id',
      { jsonrpc: '2.0', id: null, error: { code: -1, message: 'no' } },
      { kind: 'response', id: undefined },
    ],
    [
      'an unknown method with odd parameters',
      { jsonrpc: '2.0', id: 1, method: 'x/y', params: { name: [1], deep: {} } },
      { kind: 'request' },
    ],
    ['an unknown member', { jsonrpc: '2.0', id: 1, method: 'ping', extension: true }, { kind: 'request' }],
    [
      'argument names of any spelling',
      call({}, { name: 'a', arguments: { Name: 1, URI: 2, 'name ': 3 } }),
      { kind: 'request' },
    ],
  ])('%s', (_name, message, expected) => {
    expect(read(message)).toMatchObject(expected);
  });
});

describe('[DP-3.envelope] readMessage refuses', () => {
  const ok = { name: 'a' };
  it.each<[string, unknown, number, unknown]>([
    ['an array', [call({}, ok)], -32600, null],
    ['an empty array', [], -32600, null],
    ['a string', '"x"', -32600, null],
    ['null', 'null', -32600, null],
    ['nothing', '', -32700, null],
    [
      'two messages',
      '{"jsonrpc":"2.0","id":1,"method":"ping"}\n{"jsonrpc":"2.0","id":2,"method":"ping"}',
      -32700,
      null,
    ],
    ['a key twice', '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}', -32600, null],
    [
      'a key twice, once escaped',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","n\\u0061me":"b"}}',
      -32600,
      null,
    ],
    ['no version', { id: 7, method: 'ping' }, -32600, 7],
    ['another version', call({ jsonrpc: '1.0' }), -32600, 7],
    ['a number as version', call({ jsonrpc: 2.0 }), -32600, 7],
    ['a null id', call({ id: null }), -32600, null],
    ['an object id', call({ id: {} }), -32600, null],
    ['a boolean id', call({ id: true }), -32600, null],
    ['a method that is no string', call({ method: ['tools/call'] }), -32600, 7],
    ['an empty method', call({ method: '' }), -32600, 7],
    ['params as an array', call({}, []), -32600, 7],
    ['params null', call({ params: null }), -32600, 7],
    ['a call that is a result too', call({ result: {} }), -32600, 7],
    ['a call that is an error too', call({ error: { code: 1, message: 'x' } }), -32600, 7],
    ['neither call nor response', { jsonrpc: '2.0', id: 7 }, -32600, 7],
    ['result and error', { jsonrpc: '2.0', id: 7, result: {}, error: { code: 1, message: 'x' } }, -32600, 7],
    ['a result without an id', { jsonrpc: '2.0', result: {} }, -32600, null],
    ['a result that is no object', { jsonrpc: '2.0', id: 7, result: 'x' }, -32600, 7],
    ['a response with params', { jsonrpc: '2.0', id: 7, result: {}, params: {} }, -32600, 7],
    ['an error that is no object', { jsonrpc: '2.0', id: 7, error: 'x' }, -32600, 7],
    ['an error with a text code', { jsonrpc: '2.0', id: 7, error: { code: '1', message: 'x' } }, -32600, 7],
    ['an error without a message', { jsonrpc: '2.0', id: 7, error: { code: 1 } }, -32600, 7],
    ['a name that is an array', call({}, { name: ['a'] }), -32600, 7],
    ['a name that is an object', call({}, { name: { toString: 1 } }), -32600, 7],
    ['arguments as text', call({}, { name: 'a', arguments: '{}' }), -32600, 7],
    ['_meta as text', call({}, { name: 'a', _meta: '' }), -32600, 7],
    ['a uri that is a number', call({ method: 'resources/read' }, { uri: 1 }), -32600, 7],
    ['a task id that is a number', call({ method: 'tasks/get' }, { taskId: 1 }), -32600, 7],
    ['a reference that is text', call({ method: 'completion/complete' }, { ref: 'x' }), -32600, 7],
    [
      'a reference with a list as name',
      call({ method: 'completion/complete' }, { ref: { type: 'ref/prompt', name: [] } }),
      -32600,
      7,
    ],
    ['a filter that is a list', call({ method: 'subscriptions/listen' }, { notifications: [] }), -32600, 7],
    [
      'a filter with numbers',
      call({ method: 'subscriptions/listen' }, { notifications: { resourceSubscriptions: [1] } }),
      -32600,
      7,
    ],
  ])('%s', (_name, message, code, id) => {
    expect(refusalOf(() => read(message))).toMatchObject({ status: 400, code, id });
  });

  it('[DP-3.depth] a message nested deeper than 64', () => {
    const nested = (depth: number) =>
      `{"jsonrpc":"2.0","id":1,"method":"x","params":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`;
    expect(refusalOf(() => read(nested(63)))).toBe(undefined);
    expect(refusalOf(() => read(nested(64)))).toMatchObject({ status: 400, code: -32600 });
  });

  it('without repeating what was sent', () => {
    expect(refusalOf(() => read(call({}, { name: 'a', 'Name ': 'hunter2' })))?.text).not.toMatch(/hunter2|Name/);
  });
});

describe('[DP-3.folding] keys that another reader takes for a protocol key are refused', () => {
  const spellings = (key: string) => [
    key.toUpperCase(),
    key.charAt(0).toUpperCase() + key.slice(1),
    `${key}\u0000`,
    `${key} `,
    ` ${key}`,
    `${key}\u200b`,
    `\ufeff${key}`,
    key.replace('s', 'ſ').replace('k', '\u212a'),
    [...key].map((c) => (/[a-z]/.test(c) ? String.fromCodePoint((c.codePointAt(0) ?? 0) + 0xfee0) : c)).join(''),
  ];
  const cases = [
    ...['jsonrpc', 'id', 'method', 'params', 'result', 'error'].flatMap((key) =>
      spellings(key).map((spelt): [string, unknown] => [
        spelt,
        { jsonrpc: '2.0', id: 1, method: 'ping', [spelt]: 'x' },
      ]),
    ),
    ...['name', 'uri', 'arguments', 'taskId', 'ref', '_meta', 'task'].flatMap((key) =>
      spellings(key).map((spelt): [string, unknown] => [
        spelt,
        { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { [spelt]: 'x' } },
      ]),
    ),
    ...['name', 'uri', 'type'].flatMap((key) =>
      spellings(key).map((spelt): [string, unknown] => [
        spelt,
        { jsonrpc: '2.0', id: 1, method: 'completion/complete', params: { ref: { [spelt]: 'x' } } },
      ]),
    ),
    ...spellings('resourceSubscriptions').map((spelt): [string, unknown] => [
      spelt,
      { jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params: { notifications: { [spelt]: ['x'] } } },
    ]),
  ].filter(
    ([spelt]) =>
      ![
        'jsonrpc',
        'id',
        'method',
        'params',
        'result',
        'error',
        'name',
        'uri',
        'arguments',
        'ref',
        '_meta',
        'task',
        'type',
      ].includes(spelt),
  );

  it.each(cases)('%j', (_spelt, message) => {
    expect(refusalOf(() => read(message))).toMatchObject({ status: 400, code: -32600, id: 1 });
  });

  it('and ordinary keys are not', () => {
    const names = fc.stringMatching(/^[a-z][a-z0-9_]{0,12}$/);
    fc.assert(
      fc.property(fc.dictionary(names, fc.constant(1)), (extra) => {
        const {
          id: _id,
          method: _method,
          jsonrpc: _jsonrpc,
          params: _params,
          result: _result,
          error: _error,
          ...others
        } = extra;
        expect(read({ jsonrpc: '2.0', id: 1, method: 'x/y', ...others })).toMatchObject({ kind: 'request' });
      }),
    );
  });
});
