import { request } from 'node:http';
import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { AnswerReader } from './answer-reader.ts';
import { BadAnswer } from './upstream-error.ts';

/** What a listener hears, in a form that can be compared: pieces of a body are joined, for they may come in any size. */
interface Heard {
  readonly informational: number[];
  status: number | undefined;
  fields: [string, string][];
  body: string;
  ended: boolean;
  /** Bytes behind the answer. */
  surplus: number;
  error: string | undefined;
}

/** Reads bytes in pieces; `pausing` pauses at each piece of a body, to be resumed at once. */
function read(
  pieces: readonly Buffer[],
  { method = 'POST', close = false, pausing = false, maxHead = 65_536 } = {},
): Heard {
  const heard: Heard = {
    informational: [],
    status: undefined,
    fields: [],
    body: '',
    ended: false,
    surplus: 0,
    error: undefined,
  };
  const reader = new AnswerReader(maxHead);
  reader.begin(method, {
    informational: (status) => heard.informational.push(status),
    head({ status, headers }) {
      heard.status = status;
      headers.forEach(({ spelled }, value) => void heard.fields.push([spelled, value]));
    },
    data(piece) {
      expect(heard.ended).toBe(false);
      expect(piece.length).toBeGreaterThan(0);
      heard.body += piece.toString('latin1');
      reader.paused = pausing;
    },
    end() {
      expect(heard.ended).toBe(false);
      heard.ended = true;
    },
  });
  try {
    for (const piece of pieces) {
      let rest = piece;
      do {
        reader.paused = false;
        rest = rest.subarray(reader.read(rest));
        expect(rest.length === 0 || reader.paused || !reader.busy).toBe(true);
      } while (reader.paused);
      heard.surplus += rest.length;
    }
    if (close) reader.finish();
  } catch (error) {
    if (!(error instanceof BadAnswer)) throw error;
    heard.error = 'bad answer';
  }
  return heard;
}

const cut = (text: string, places: readonly number[]): Buffer[] => {
  const bytes = Buffer.from(text, 'latin1');
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1))), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
};

const binary = (maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes).toString('latin1'));
/** Bytes that break something, more often those that mean something. */
const noise = fc.oneof(fc.constantFrom('\r', '\n', '\r\n', ' ', ':', '0', 'a'), binary(3));

const fieldName = fc.stringMatching(/^X-[A-Za-z0-9!#$%&'*+.^_`|~-]{1,10}$/);
const fieldValue = fc.stringMatching(/^([!-~\x80-\xff]([\t -~\x80-\xff]{0,12}[!-~\x80-\xff])?)?$/);
const blanks = fc.stringMatching(/^[ \t]{0,2}$/);
const line = ([name, before, value, after]: readonly [string, string, string, string]): string =>
  `${name}:${before}${value}${after}\r\n`;
const fieldList = fc.array(fc.tuple(fieldName, blanks, fieldValue, blanks), { maxLength: 4 });

/** An answer as its grammar makes it, with what is to be heard of it. */
const answer = fc
  .record({
    minor: fc.constantFrom('1', '1', '1', '0'),
    status: fc.integer({ min: 200, max: 599 }),
    reason: fc.constantFrom('', ' ', ' OK', ' Not \xe4 good'),
    fields: fieldList,
    informational: fc.array(fc.integer({ min: 102, max: 199 }), { maxLength: 2 }),
    framing: fc.constantFrom('length', 'chunked', 'close'),
    chunks: fc.array(binary(40), { maxLength: 4 }),
    extension: fc.constantFrom('', ';a', ';a="b c";d=e'),
    trailers: fieldList,
    surplus: fc.constantFrom('', 'HTTP/1.1 200 OK\r\n', '\r\n'),
  })
  .map((one) => {
    const chunks = one.chunks.filter((chunk) => chunk !== '');
    const content = chunks.join('');
    const bodiless = one.status === 204 || one.status === 304;
    const framing = one.framing === 'chunked' && one.minor === '0' ? 'length' : one.framing;
    const head = `HTTP/1.${one.minor} ${one.status}${one.reason}\r\n${one.fields.map(line).join('')}`;
    const early = one.informational.map((status) => `HTTP/1.1 ${status} Early\r\nX-A: b\r\n\r\n`).join('');
    const coded = `${chunks.map((chunk) => `${chunk.length.toString(16)}${one.extension}\r\n${chunk}\r\n`).join('')}0\r\n${one.trailers.map(line).join('')}\r\n`;
    const fields = one.fields.map(([name, , value]): [string, string] => [name, value]);
    const length: [string, string] = ['Content-Length', String(content.length)];
    const [framed, sent] = {
      length: [`Content-Length: ${content.length}\r\n`, content],
      chunked: ['Transfer-Encoding: chunked\r\n', coded],
      close: ['', content],
    }[framing] as [string, string];
    const surplus = framing === 'close' && !bodiless ? '' : one.surplus;
    return {
      text: `${early}${head}${framed}\r\n${bodiless ? '' : sent}${surplus}`,
      close: framing === 'close' && !bodiless,
      heard: {
        informational: one.informational,
        status: one.status,
        fields: framing === 'length' && one.status !== 204 ? [...fields, length] : fields,
        body: bodiless ? '' : content,
        ended: true,
        surplus: surplus.length,
        error: undefined,
      } satisfies Heard,
    };
  });

const places = fc.array(fc.nat(2_000), { maxLength: 12 });

describe('[SEC-upstream.answers] an answer', () => {
  it('is read as it was meant, in whatever pieces it comes and however often it is paused', () => {
    fc.assert(
      fc.property(answer, places, fc.boolean(), ({ text, close, heard }, cuts, pausing) => {
        expect(read(cut(text, cuts), { close, pausing })).toEqual(heard);
      }),
      { numRuns: 500 },
    );
  });

  it('means the same in one piece and byte by byte, if it is broken too', () => {
    fc.assert(
      fc.property(answer, fc.nat(400), noise, fc.nat(3), (good, at, put, drop) => {
        const place = at % (good.text.length + 1);
        const text = good.text.slice(0, place) + put + good.text.slice(place + drop);
        const options = { close: true, maxHead: 200 };
        const whole = read([Buffer.from(text, 'latin1')], options);
        const bytes = read(
          Array.from(Buffer.from(text, 'latin1'), (byte) => Buffer.of(byte)),
          options,
        );
        expect(bytes).toEqual(whole);
      }),
      { numRuns: 1_000 },
    );
  });

  it('that is taken, is read alike by the parser of Node', async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(answer, fc.nat(400), noise, fc.nat(2), async (good, at, put, drop) => {
        const place = at % (good.text.length + 1);
        const text = good.text.slice(0, place) + put + good.text.slice(place + drop);
        const ours = read([Buffer.from(text, 'latin1')], { close: true });
        // Node tells of informational answers in another way.
        if (!ours.ended || ours.informational.length > 0) return;
        taken += 1;
        const theirs = await readByNode(text.slice(0, text.length - ours.surplus));
        const kept = (fields: readonly [string, string][]) =>
          fields.filter(([name]) => /^(x-|content-length)/i.test(name));
        expect({ ...theirs, fields: kept(theirs.fields) }).toEqual({
          status: ours.status,
          fields: kept(ours.fields),
          body: ours.body,
        });
      }),
      { numRuns: 1_500 },
    );
    expect(taken).toBeGreaterThan(100);
  });
});

/** What Node's own client makes of the same bytes. */
function readByNode(text: string): Promise<{ status: number | undefined; fields: [string, string][]; body: string }> {
  return new Promise((resolve, reject) => {
    const wire = new Duplex({
      read() {},
      write(_chunk, _encoding, done) {
        done();
      },
    });
    const asked = request({ method: 'POST', createConnection: () => wire as never }, (response) => {
      let seen = '';
      response.setEncoding('latin1');
      response.on('data', (piece: string) => {
        seen += piece;
      });
      response.on('error', reject);
      response.on('end', () => {
        const fields: [string, string][] = [];
        for (let index = 0; index + 1 < response.rawHeaders.length; index += 2)
          fields.push([response.rawHeaders[index] as string, response.rawHeaders[index + 1] as string]);
        // A 204 never has a length for our clients, whatever its server says.
        const shown = response.statusCode === 204 ? fields.filter(([name]) => name !== 'Content-Length') : fields;
        resolve({ status: response.statusCode, fields: shown, body: seen });
      });
    });
    asked.on('error', reject);
    asked.end();
    wire.push(Buffer.from(text, 'latin1'));
    wire.push(null);
  });
}

test('[SEC-upstream.answers] a head in very small pieces costs no more than its bytes', () => {
  const text = `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(60_000)}`;
  const before = performance.now();
  expect(read(Array.from(text, (character) => Buffer.from(character, 'latin1'))).error).toBeUndefined();
  // Looking at all of it again for each byte would take a minute.
  expect(performance.now() - before).toBeLessThan(5_000);
  expect(read([Buffer.from(text + 'a'.repeat(10_000))]).error).toBe('bad answer');
});
