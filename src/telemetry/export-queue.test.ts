import type { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import type { ByteWriter } from './byte-writer.ts';
import { ExportQueue } from './export-queue.ts';

const room = 3;
const record = (text: string) => (out: ByteWriter) => {
  out.text(text);
  return 1;
};

/** A queue whose batches of two are answered by hand. */
function queueOf(timeout = 10_000) {
  const sent: { readonly buffer: Buffer; readonly text: string; answer(taken: boolean): void }[] = [];
  let lost = 0;
  const queue = new ExportQueue({
    capacity: 100,
    batch: 2,
    delay: 10_000,
    timeout,
    room,
    send: (batch) =>
      new Promise((resolve) => {
        sent.push({ buffer: batch.buffer, text: batch.written.toString('utf8', room), answer: resolve });
      }),
    dropped: (records) => {
      lost += records;
    },
  });
  const add = (...texts: readonly string[]) => {
    for (const text of texts) queue.add(1, record(text));
  };
  return { queue, sent, add, lost: () => lost };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('the memory of a batch that was taken, and only of such a one, is used again and holds only what is new', async () => {
  const { sent, add } = queueOf();
  add('a long record', 'b');
  sent[0]?.answer(true);
  await turn();
  add('c', 'd', 'e');
  sent[1]?.answer(false);
  await turn();
  add('f', 'g', 'h');
  expect(sent.map(({ text }) => text)).toEqual(['a long recordb', 'cd', 'ef']);
  expect(sent[1]?.buffer).toBe(sent[0]?.buffer);
  expect(sent[2]?.buffer).not.toBe(sent[1]?.buffer);
});

test('a batch that was given up keeps its memory: its sender may still be reading it', async () => {
  const { sent, add, lost } = queueOf(20);
  add('a', 'b');
  await new Promise((resolve) => setTimeout(resolve, 60));
  add('c', 'd');
  await turn();
  expect(sent.map(({ text }) => text)).toEqual(['ab', 'cd']);
  expect(sent[1]?.buffer).not.toBe(sent[0]?.buffer);
  expect(lost()).toBe(2);
});
