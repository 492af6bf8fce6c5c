import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import { expect, it } from 'vitest';
import { restWhenQuiet } from './rest.ts';

const mebibyte = 1024 * 1024;

/** Garbage of some age: what is younger goes by itself. */
async function litter(): Promise<void> {
  const kept: unknown[] = [];
  for (let round = 0; round < 40; round++) {
    for (let index = 0; index < 4_000; index++) kept.push({ round, index, text: [`${round}`, `${index}`] });
    await turn();
  }
  expect(kept).toHaveLength(160_000);
}

it('[PERF-rest] gives garbage back when nothing happens, once', async () => {
  await litter();
  const gains: number[] = [];
  const littered = getHeapStatistics().total_physical_size;
  // Other tests of this process may be about: a quiet time is what they leave.
  const stop = restWhenQuiet({
    quiet: 50,
    busyBelow: 0.9,
    worthwhile: 4 * mebibyte,
    rested: (_, bytes) => gains.push(bytes),
  });
  try {
    while (gains.length === 0) await sleep(10);
    expect(getHeapStatistics().total_physical_size).toBeLessThan(littered - 4 * mebibyte);
    await sleep(300);
    expect(gains).toHaveLength(1);
  } finally {
    stop();
  }
});

it('[PERF-rest] never while there is something to do', async () => {
  const rests: number[] = [];
  const stop = restWhenQuiet({ quiet: 50, worthwhile: 1, rested: () => rests.push(1) });
  try {
    const until = performance.now() + 500;
    while (performance.now() < until) await turn();
    expect(rests).toEqual([]);
  } finally {
    stop();
  }
});

it('[PERF-rest] after the first time the quiet must last longer', async () => {
  await litter();
  const rests: number[] = [];
  const stop = restWhenQuiet({
    quiet: 50,
    patience: 12,
    busyBelow: 0.9,
    worthwhile: -mebibyte * 1024,
    rested: () => rests.push(performance.now()),
  });
  try {
    while (rests.length < 2) await sleep(10);
    expect((rests[1] ?? 0) - (rests[0] ?? 0)).toBeGreaterThan(550);
  } finally {
    stop();
  }
});
