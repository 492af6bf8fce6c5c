import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AppendFile } from './append-file.ts';
import { ByteWriter } from './byte-writer.ts';
import { FileOutlet } from './file-outlet.ts';

type Done = (error: Error | null, written: number) => void;

/** A disk that writes when it is told to, and only so much. */
class Disk implements AppendFile {
  text = '';
  closed = 0;
  reopened = 0;
  #task: { bytes: Buffer; done: Done } | undefined;

  write(bytes: Buffer, done: Done): void {
    expect(this.#task, 'one write at a time').toBeUndefined();
    this.#task = { bytes, done };
  }

  /** Ends the write under way: after `most` bytes the disk is full. */
  finish(most = Number.POSITIVE_INFINITY): void {
    const task = this.#task;
    if (task === undefined) return;
    this.#task = undefined;
    const count = Math.min(most, task.bytes.length);
    this.text += task.bytes.toString('latin1', 0, count);
    task.done(count < task.bytes.length ? new Error('ENOSPC') : null, count);
  }

  writeNow(bytes: Buffer): void {
    this.text += bytes.toString('latin1');
  }

  reopen(): void {
    expect(this.#task, 'never while it writes').toBeUndefined();
    this.reopened += 1;
  }

  close(): void {
    this.closed += 1;
  }
}

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 30 }) }) },
  fc.record({ finish: fc.option(fc.nat(20), { nil: undefined }) }),
  fc.record({ reopen: fc.constant(true) }),
);

test('what was taken is written once and in order, however the disk behaves', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, abrupt) => {
      const disk = new Disk();
      const outlet = new FileOutlet(disk, 64);
      const lines = new ByteWriter(8);
      let taken = '';
      let reopened = 0;
      for (const one of steps) {
        if ('take' in one) {
          const text = `${String.fromCharCode(97 + (taken.length % 26)).repeat(one.take)}\n`;
          lines.text(text);
          const waiting = taken.length - disk.text.length;
          const fits = outlet.take(lines);
          expect(lines.length).toBe(0);
          // Bytes that are being written count as waiting.
          expect(fits).toBe(waiting + text.length <= 64);
          if (fits) taken += text;
        } else if ('finish' in one) disk.finish(one.finish);
        else {
          outlet.reopen();
          reopened += 1;
        }
        expect(taken.startsWith(disk.text)).toBe(true);
      }
      if (abrupt) {
        // Nothing is under way in a thread, but perhaps something was left over.
        disk.finish(5);
        disk.finish(0);
        outlet.writeNow(Buffer.from('last'));
        expect(disk.text).toBe(`${taken}last`);
        return;
      }
      let done = 0;
      outlet.end(() => {
        done += 1;
      });
      for (let write = 0; write < 3; write++) disk.finish();
      expect(disk.text).toBe(taken);
      expect([done, disk.closed]).toEqual([1, 1]);
      expect(disk.reopened).toBeLessThanOrEqual(reopened);
      expect(disk.reopened > 0).toBe(reopened > 0);
    }),
    { numRuns: 1_000 },
  );
});

test('[SEC-log-never-blocks] a disk that stays full does not keep the end waiting', () => {
  const disk = new Disk();
  const outlet = new FileOutlet(disk, 64);
  const lines = new ByteWriter();
  lines.text('a line\n');
  outlet.take(lines);
  let done = 0;
  outlet.end(() => {
    done += 1;
  });
  disk.finish(3);
  expect([done, disk.closed, disk.text]).toEqual([1, 1, 'a l']);
});
