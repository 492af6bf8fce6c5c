import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventSplitter, readEvent, replaceData, type SseEvent, writeEvent } from './sse.ts';

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** What a client would dispatch from these chunks. Drops a byte order mark at the start, as the decoder of a client does. */
function dispatched(chunks: readonly Buffer[], limit = 1 << 20): SseEvent[] {
  const splitter = new EventSplitter(limit);
  const events: SseEvent[] = [];
  let first = true;
  const take = (raw: Buffer) => {
    const event = readEvent(first && raw.subarray(0, 3).equals(byteOrderMark) ? raw.subarray(3) : raw);
    first = false;
    if (event.data !== undefined) events.push(event);
  };
  for (const chunk of chunks) splitter.push(chunk, take);
  return events;
}

function pieces(chunks: readonly Buffer[]): Buffer[] {
  const splitter = new EventSplitter(1 << 20);
  const out: Buffer[] = [];
  for (const chunk of chunks) splitter.push(chunk, (raw) => out.push(raw));
  out.push(splitter.rest());
  return out;
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set([0, ...at, bytes.length])]
    .filter((place) => place <= bytes.length)
    .toSorted((a, b) => a - b);
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

type Expected = Partial<SseEvent>[];
const data = (...texts: string[]): Expected => texts.map((text) => ({ data: text }));

/** The cases of the web platform's tests for event streams, and those of our own that they leave out. */
const cases: [name: string, text: string, expected: Expected][] = [
  [
    'a byte order mark at the start is not part of the first line',
    '\ufeffdata:1\n\n\ufeffdata:2\n\ndata:3\n\n',
    data('1', '3'),
  ],
  ['only one byte order mark counts', '\ufeff\ufeffdata:1\n\ndata:2\n\ndata:3\n\n', data('2', '3')],
  [
    'comments say nothing',
    `data:1\r:\0\n:\r\ndata:2\n:${'x'.repeat(2048)}\rdata:3\n:data:fail\r:${'x'.repeat(2048)}\ndata:4\n\n`,
    data('1\n2\n3\n4'),
  ],
  ['an event without its blank line is not dispatched', 'retry:1000\ndata:1\n\nid:9\ndata:2', data('1')],
  ['data lines without a value', 'data:\n\ndata\ndata\n\ndata:test\n\n', data('', '\n', 'test')],
  [
    'event types',
    'event:test\ndata:x\n\ndata:y\n\n',
    [
      { type: 'test', data: 'x' },
      { type: 'message', data: 'y' },
    ],
  ],
  ['an empty event type is message', 'event: \ndata:x\n\n', [{ type: 'message', data: 'x' }]],
  ['the last event type of an event counts', 'event:a\nevent:b\ndata:x\n\n', [{ type: 'b' }]],
  ['ids', 'id: 1\ndata:x\n\ndata:y\n\nid\ndata:z\n\n', [{ id: '1' }, { id: undefined }, { id: '' }]],
  ['an id with NUL is no id', 'id: 1\0\ndata:x\n\n', [{ id: undefined, data: 'x' }]],
  [
    'fields are exact',
    'data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n data:32\ndata:4\n\n',
    data('\0\n 2\n1\n3\n\n4'),
  ],
  [
    'retry takes digits only',
    'retry:3000\ndata:x\n\nretry:3000x\ndata:y\n\nretry\ndata:z\n\nretry:-1\ndata:w\n\n',
    [{ retry: 3000 }, { retry: undefined }, { retry: undefined }, { retry: undefined }],
  ],
  ['unknown fields', 'data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\n\n', data('test\n')],
  ['one leading space', 'data:\ttest\rdata: \ndata:test\n\n', data('\ttest\n\ntest')],
  ['line ends of every kind', 'data:test\r\ndata\ndata:test\r\n\r', data('test\n\ntest')],
  ['NUL in data', 'data:\0\n\n\n\n', data('\0')],
  ['blank lines between events', '\n\n\r\r\n\n\r\ndata:a\n\n\n\ndata:b\r\r', data('a', 'b')],
  ['UTF-8', 'data:ok…\n\ndata:😀é\n\n', data('ok…', '😀é')],
  ['other Unicode line ends are text', 'data:a\u0085b\u2028c\u2029d\n\n', data('a\u0085b\u2028c\u2029d')],
  ['an id alone is not dispatched', 'id: 7\n\ndata:x\n\n', data('x')],
  ['a priming event', 'id: 7\ndata:\n\n', [{ id: '7', data: '' }]],
];

describe('events of a stream', () => {
  it.each(cases)('%s', (_name, text, expected) => {
    expect(dispatched([Buffer.from(text)])).toMatchObject(expected);
    expect(dispatched([Buffer.from(text)])).toHaveLength(expected.length);
  });

  it.each(cases)('[DP-6.chunks] %s, cut at every byte', (_name, text, expected) => {
    const bytes = Buffer.from(text);
    for (let at = 0; at <= bytes.length; at++)
      expect(dispatched(cut(bytes, [at])), `cut at ${at}`).toMatchObject(expected);
    expect(dispatched(cut(bytes, Array.from(bytes.keys())))).toMatchObject(expected);
  });

  const anything = fc
    .array(
      fc.constantFrom(
        'data:',
        'data',
        'id:1',
        'event:x',
        ':',
        ' ',
        'x',
        'é',
        '\n',
        '\n',
        '\r',
        '\r',
        '\r\n',
        '\0',
        '{"a":1}',
      ),
      { maxLength: 40 },
    )
    .map((parts) => Buffer.from(parts.join('')));

  it('[DP-6.chunks] do not depend on how the bytes were cut', () => {
    fc.assert(
      fc.property(anything, fc.array(fc.nat(80)), (bytes, at) => {
        expect(dispatched(cut(bytes, at))).toEqual(dispatched([bytes]));
        expect(Buffer.concat(pieces(cut(bytes, at))).equals(bytes)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('are found by line ends alone, whatever cutter says so', () => {
    fc.assert(
      fc.property(anything, (bytes) => {
        const lines = bytes.toString('utf8').split(/\r\n|\r|\n/);
        lines.pop();
        let open: string[] = [];
        const expected: (string | undefined)[] = [];
        for (const line of lines) {
          if (line !== '') open.push(line);
          else {
            const values = open.filter((one) => /^data(:|$)/.test(one)).map((one) => one.replace(/^data:? ?/, ''));
            if (values.length > 0) expected.push(values.join('\n'));
            open = [];
          }
        }
        expect(dispatched([bytes]).map((event) => event.data)).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('an event that is too long', () => {
  it('is reported and never handed out, and the next one is', () => {
    const splitter = new EventSplitter(10);
    const seen: string[] = [];
    const push = (text: string) => splitter.push(Buffer.from(text), (raw) => seen.push(raw.toString()));
    expect(push('data:1\n\ndata:')).toBe(true);
    expect(push('xxxxxxxx')).toBe(false);
    expect(splitter.atBoundary).toBe(false);
    expect(push('yyyyyyyy\n')).toBe(false);
    expect(push('\ndata:2\n\n')).toBe(true);
    expect(splitter.atBoundary).toBe(true);
    expect(seen).toEqual(['data:1\n\n', 'data:2\n\n']);
  });

  it('costs little memory and time when it comes byte by byte', () => {
    const splitter = new EventSplitter(1 << 20);
    const byte = Buffer.from('x');
    const started = performance.now();
    for (let i = 0; i < 200_000; i++) splitter.push(byte, () => undefined);
    expect(splitter.rest()).toHaveLength(200_000);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('writing', () => {
  const text = fc.string({ unit: fc.constantFrom('a', ' ', ':', '\n', '{', 'é', 'data:') });

  it('an event reads as it was written', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(dispatched([writeEvent(value)])).toMatchObject([{ type: 'message', data: value }]);
      }),
    );
  });

  it('other data leaves every other line as it was', () => {
    const raw = Buffer.from(':note\r\nid: 5\rdata: old\nretry: 9\ndata: older\nevent: message\nx-unknown: 1\n\n');
    expect(replaceData(raw, 'new').toString()).toBe(
      ':note\nid: 5\ndata: new\nretry: 9\nevent: message\nx-unknown: 1\n\n',
    );
    expect(readEvent(replaceData(raw, 'new'))).toEqual({ ...readEvent(raw), data: 'new' });
  });
});
