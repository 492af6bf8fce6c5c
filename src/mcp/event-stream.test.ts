import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useFakeTime, useRealTime } from '../../test/support/fake-time.ts';
import type { BodyFlow, BodySink, BodySource } from '../http/body.ts';
import { EventStream, type EventStreamOptions } from './event-stream.ts';
import { writeEvent } from './sse.ts';

/** An upstream body that a test plays. */
class PlayedBody implements BodySource {
  sink: BodySink | undefined;
  readonly calls: string[] = [];
  start(sink: BodySink): BodyFlow {
    this.sink = sink;
    return {
      pause: () => this.calls.push('pause'),
      resume: () => this.calls.push('resume'),
      cancel: () => this.calls.push('cancel'),
    };
  }
  cancel(): void {
    this.calls.push('cancel unstarted');
  }
  send(text: string | Buffer): void {
    this.sink?.chunk(Buffer.from(text));
  }
}

function play(options: Partial<EventStreamOptions> = {}) {
  const upstream = new PlayedBody();
  const stream = new EventStream(upstream, { maxEventBytes: 1000, keepAliveAfter: 15_000, ...options });
  const chunks: string[] = [];
  let ended: 'no' | 'end' | string = 'no';
  const flow = stream.start({
    chunk: (data) => chunks.push(Buffer.from(data).toString()),
    end: () => {
      ended = ended === 'no' ? 'end' : 'twice';
    },
    fail: (error) => {
      ended = ended === 'no' ? error.message : 'twice';
    },
  });
  return { upstream, stream, flow, chunks, text: () => chunks.join(''), ended: () => ended };
}

beforeEach(() => {
  useFakeTime();
});
afterEach(() => {
  useRealTime();
});

const comment = ': keep-alive\n\n';

describe('a stream that is passed on', () => {
  it('[DP-6.flush] sends every chunk at once, unchanged', () => {
    const played = play();
    played.upstream.send('data: 1\n\nda');
    expect(played.chunks).toEqual(['data: 1\n\nda']);
    played.upstream.send('ta: 2\r\n\r\n');
    played.upstream.sink?.end();
    expect(played.text()).toBe('data: 1\n\ndata: 2\r\n\r\n');
    expect(played.ended()).toBe('end');
  });

  it('[DP-6.bytes] is byte-identical however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 8 }), { maxLength: 12 }), (parts) => {
        const upstream = new PlayedBody();
        const out: Buffer[] = [];
        const stream = new EventStream(upstream, {
          maxEventBytes: 16,
          keepAliveAfter: 15_000,
          observe: () => undefined,
        });
        stream.start({ chunk: (data) => out.push(Buffer.from(data)), end: () => undefined, fail: () => undefined });
        for (const part of parts) upstream.sink?.chunk(part);
        upstream.sink?.end();
        expect(Buffer.concat(out).equals(Buffer.concat(parts))).toBe(true);
      }),
    );
  });

  it('keeps a byte order mark, however it is cut', () => {
    const bytes = Buffer.from('\ufeffdata: 1\n\n');
    for (let at = 0; at <= bytes.length; at++) {
      const played = play();
      played.upstream.send(bytes.subarray(0, at));
      played.upstream.send(bytes.subarray(at));
      played.upstream.sink?.end();
      expect(played.text()).toBe(bytes.toString());
    }
  });

  it('shows its events to an observer, those that are too long apart', () => {
    const seen: unknown[] = [];
    const played = play({ observe: (event) => seen.push(event.data), maxEventBytes: 20 });
    played.upstream.send('data: 1\n\ndata: xxxxxxxxxxxxxxxxxxxxxxxxx');
    played.upstream.send('x\n\ndata: 2\n\n');
    expect(seen).toEqual(['1', '2']);
    expect(played.text()).toContain('xxxxxxxxxx');
  });

  it('[DP-6.cut] breaks off when the upstream does', () => {
    const played = play();
    played.upstream.send('data: 1\n');
    played.upstream.sink?.fail(new Error('gone'));
    expect(played.ended()).toBe('gone');
    vi.advanceTimersByTime(60_000);
    expect(played.text()).toBe('data: 1\n');
  });
});

describe('[DP-6.keepalive] a silent upstream', () => {
  it('is covered by a comment every 15 seconds', () => {
    const played = play();
    vi.advanceTimersByTime(14_999);
    expect(played.text()).toBe('');
    vi.advanceTimersByTime(1);
    expect(played.text()).toBe(comment);
    vi.advanceTimersByTime(15_000);
    expect(played.text()).toBe(comment + comment);
    played.upstream.send('data: 1\n\n');
    vi.advanceTimersByTime(14_999);
    expect(played.text()).toBe(`${comment}${comment}data: 1\n\n`);
    vi.advanceTimersByTime(1);
    expect(played.text()).toBe(`${comment}${comment}data: 1\n\n${comment}`);
  });

  it.each(['data: half', 'data: whole\n', 'data'])('gets none inside an event: after %j', (text) => {
    const played = play();
    played.upstream.send(text);
    vi.advanceTimersByTime(60_000);
    expect(played.text()).toBe(text);
  });

  it('a byte order mark after a comment is dropped: it would spoil the first line', () => {
    const played = play();
    vi.advanceTimersByTime(15_000);
    played.upstream.send(Buffer.from([0xef, 0xbb]));
    vi.advanceTimersByTime(15_000);
    played.upstream.send(Buffer.from([0xbf]));
    played.upstream.send('data: 1\n\n');
    expect(played.text()).toBe(`${comment}data: 1\n\n`);
  });

  it('gets none while the client does not read, nor after the end', () => {
    const played = play();
    played.flow.pause();
    vi.advanceTimersByTime(30_000);
    expect(played.text()).toBe('');
    played.flow.resume();
    vi.advanceTimersByTime(15_000);
    expect(played.text()).toBe(comment);
    played.upstream.sink?.end();
    vi.advanceTimersByTime(60_000);
    expect(played.text()).toBe(comment);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('[DP-6.backpressure] control passes through', () => {
  it('pause, resume and cancel reach the upstream', () => {
    const played = play();
    played.flow.pause();
    played.flow.resume();
    played.flow.cancel();
    played.flow.cancel();
    expect(played.upstream.calls).toEqual(['pause', 'resume', 'cancel']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('a stream that never started is cancelled as such', () => {
    const upstream = new PlayedBody();
    new EventStream(upstream, { maxEventBytes: 10, keepAliveAfter: 15_000 }).cancel();
    expect(upstream.calls).toEqual(['cancel unstarted']);
  });

  it('an upstream that fails at once is cancelled when it is known', () => {
    const calls: string[] = [];
    const source: BodySource = {
      start(sink) {
        sink.chunk(Buffer.from('data: x\n\n'));
        return { pause: () => undefined, resume: () => undefined, cancel: () => calls.push('cancel') };
      },
      cancel: () => undefined,
    };
    let failed = '';
    new EventStream(source, {
      maxEventBytes: 100,
      keepAliveAfter: 15_000,
      rewrite: () => {
        throw new Error('cannot be judged');
      },
    }).start({ chunk: () => undefined, end: () => undefined, fail: (error) => (failed = error.message) });
    expect(failed).toBe('cannot be judged');
    expect(calls).toEqual(['cancel']);
  });
});

describe('a stream that is rewritten', () => {
  const upper = (event: { data: string | undefined }) =>
    event.data?.startsWith('x') ? event.data.toUpperCase() : undefined;

  it('[DP-6.events] changes the events it must and no other byte', () => {
    const played = play({ rewrite: upper });
    played.upstream.send(':hi\r\n\r\nid: 1\ndata: x1\n\ndata:  a\r\n\r\ndata: x');
    expect(played.chunks).toEqual([':hi\r\n\r\nid: 1\ndata: X1\n\ndata:  a\r\n\r\n']);
    played.upstream.send('2\n\n');
    expect(played.chunks[1]).toBe('data: X2\n\n');
  });

  it('does not depend on how it is cut', () => {
    const bytes = Buffer.from('\ufeffdata: x1\r\n\r\n:c\n\nid:3\ndata: y\r\rdata: x2\ndata: x3\n\nretry: 5\n\n');
    const once = (parts: Buffer[]) => {
      const played = play({ rewrite: upper });
      for (const part of parts) played.upstream.send(part);
      played.upstream.sink?.end();
      return played.text();
    };
    const whole = once([bytes]);
    expect(whole).toBe('\ufeffdata: X1\n\n:c\n\nid:3\ndata: y\r\rdata: X2\ndata: X3\n\nretry: 5\n\n');
    for (let at = 0; at <= bytes.length; at++) {
      // A LF that arrives after its CR stands alone as a blank line, which says nothing.
      expect(once([bytes.subarray(0, at), bytes.subarray(at)]).replace('data: X1\n\n\n', 'data: X1\n\n')).toBe(whole);
    }
  });

  it('judges what the end of the stream cut short', () => {
    const played = play({ rewrite: upper });
    played.upstream.send('data: x1');
    expect(played.text()).toBe('');
    played.upstream.sink?.end();
    expect(played.text()).toBe('data: X1\n\n');
  });

  it('breaks off at an event that is too long', () => {
    const played = play({ rewrite: upper, maxEventBytes: 10 });
    played.upstream.send('data: y\n\n');
    played.upstream.send('data: xxxxxxxxxxxxxxxxx');
    expect(played.ended()).toMatch(/longer than 10/);
    expect(played.upstream.calls).toEqual(['cancel']);
    expect(played.text()).toBe('data: y\n\n');
  });
});

describe('events of our own', () => {
  it('go between two of the upstream’s only', () => {
    const played = play();
    played.upstream.send('data: 1\n\ndata: ');
    played.stream.insert(writeEvent('ours'));
    expect(played.text()).toBe('data: 1\n\ndata: ');
    played.upstream.send('2\n\n');
    expect(played.text()).toBe('data: 1\n\ndata: 2\n\ndata: ours\n\n');
    played.stream.insert(writeEvent('more'));
    expect(played.text()).toBe('data: 1\n\ndata: 2\n\ndata: ours\n\ndata: more\n\n');
  });

  it('wait until the client reads', () => {
    const played = play();
    played.flow.pause();
    played.stream.insert(writeEvent('ours'));
    expect(played.text()).toBe('');
    played.flow.resume();
    expect(played.text()).toBe('data: ours\n\n');
  });

  it('wait for the upstream’s first event when that must come first', () => {
    const played = play();
    played.stream.insert(writeEvent('ours'), { afterFirst: true });
    expect(played.text()).toBe('');
    played.upstream.send('data: acknow');
    played.upstream.send('ledged\n\n');
    expect(played.text()).toBe('data: acknowledged\n\ndata: ours\n\n');
  });

  it('wait until the stream is started', () => {
    const upstream = new PlayedBody();
    const stream = new EventStream(upstream, { maxEventBytes: 10, keepAliveAfter: 15_000 });
    stream.insert(writeEvent('ours'));
    const chunks: string[] = [];
    stream.start({
      chunk: (data) => chunks.push(Buffer.from(data).toString()),
      end: () => undefined,
      fail: () => undefined,
    });
    upstream.send('data: 1\n\n');
    expect(chunks.join('')).toBe('data: 1\n\ndata: ours\n\n');
  });
});

describe('a stream that is closed from our side', () => {
  it('ends properly, lets go of the upstream, and says nothing more', () => {
    const played = play();
    let done = 0;
    played.stream.whenDone(() => {
      done += 1;
    });
    played.upstream.send('data: 1\n\n');
    played.stream.close(new Error('the right was lost'));
    played.stream.close(new Error('again'));
    played.upstream.send('data: 2\n\n');
    played.stream.insert(writeEvent('late'));
    expect(played.text()).toBe('data: 1\n\n');
    expect(played.ended()).toBe('end');
    expect(played.upstream.calls).toEqual(['cancel']);
    expect(done).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('closes as soon as it is started, when it was asked before', () => {
    const upstream = new PlayedBody();
    const stream = new EventStream(upstream, { maxEventBytes: 10, keepAliveAfter: 15_000 });
    stream.close(new Error('the right was lost'));
    let ended = false;
    stream.start({
      chunk: () => undefined,
      end: () => {
        ended = true;
      },
      fail: () => undefined,
    });
    expect([ended, upstream.calls]).toEqual([true, ['cancel']]);
  });

  it.each<[string, (played: ReturnType<typeof play>) => void]>([
    ['the upstream ends', (played) => played.upstream.sink?.end()],
    ['the upstream breaks off', (played) => played.upstream.sink?.fail(new Error('cut'))],
    ['the client goes', (played) => played.flow.cancel()],
  ])('whenDone also tells when %s', (_name, end) => {
    const played = play();
    let done = 0;
    played.stream.whenDone(() => {
      done += 1;
    });
    end(played);
    expect(done).toBe(1);
    played.stream.whenDone(() => {
      done += 1;
    });
    expect(done).toBe(2);
  });
});
