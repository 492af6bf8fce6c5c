import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { appendToDescriptor } from './append-file.ts';

let folder: string;
const open: number[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-append-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  for (const fd of open.splice(0)) closeSync(fd);
  rmSync(folder, { recursive: true, force: true });
});

function opened(path: string, flags = 'a'): number {
  const fd = openSync(path, flags);
  open.push(fd);
  return fd;
}

/** Writes a text; says whether the call came back before `write` returned. */
function write(file: ReturnType<typeof appendToDescriptor>, text: string): Promise<'at once' | 'later'> {
  return new Promise((resolve, reject) => {
    let returned = false;
    file.write(Buffer.from(text), (error) => {
      if (error !== null) reject(error);
      else resolve(returned ? 'later' : 'at once');
    });
    returned = true;
  });
}

describe('a prompt write', () => {
  test('is there when the call returns', async () => {
    const path = join(folder, 'log');
    const file = appendToDescriptor(opened(path), { prompt: true });
    file.write(Buffer.from('one\n'), () => {});
    expect(readFileSync(path, 'utf8')).toBe('one\n');
    expect(await write(file, 'two\n')).toBe('at once');
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
  });

  test.each([
    ['nobody asked for it', {}],
    ['the disk is to be waited for', { prompt: true, sync: true }],
  ])('is left to a thread when %s', async (_when, options) => {
    const path = join(folder, 'log');
    expect(await write(appendToDescriptor(opened(path), options), 'one\n')).toBe('later');
    expect(readFileSync(path, 'utf8')).toBe('one\n');
  });

  test('is left to a thread where no file is written', async () => {
    expect(await write(appendToDescriptor(opened('/dev/null', 'w'), { prompt: true }), 'one\n')).toBe('later');
  });

  test('that took long leaves the next ones to a thread: for a tenth of a second, and for longer when that did not help', async () => {
    const path = join(folder, 'log');
    const file = appendToDescriptor(opened(path), { prompt: true });
    let now = 1_000;
    let pace = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => {
      now += pace;
      return now;
    });
    const writeSlowly = async () => {
      pace = 6;
      expect(await write(file, 's')).toBe('at once');
      pace = 0;
    };
    /** Whoever writes in the meantime does not wait for the disk. */
    const isLeftFor = async (pause: number) => {
      expect(await write(file, 't')).toBe('later');
      now += pause - 1;
      expect(await write(file, 't')).toBe('later');
      now += 1;
    };
    expect(await write(file, 'q')).toBe('at once');
    await writeSlowly();
    for (const pause of [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]) {
      await isLeftFor(pause);
      if (pause < 10_000) expect(await write(file, 'q')).toBe('at once');
      await writeSlowly();
    }
    await isLeftFor(10_000);
    // It was well for as long as it had been left alone: slow once more is the first time.
    now += 10_000;
    await writeSlowly();
    await isLeftFor(100);
    expect(await write(file, 'q')).toBe('at once');
    expect(readFileSync(path, 'utf8')).toMatch(/^[qst]{42}$/);
  });

  test('that fails says so', async () => {
    const path = join(folder, 'log');
    closeSync(openSync(path, 'w'));
    await expect(write(appendToDescriptor(opened(path, 'r'), { prompt: true }), 'x')).rejects.toThrow('EBADF');
    await expect(write(appendToDescriptor(opened('/dev/full', 'w'), { prompt: true }), 'x')).rejects.toThrow('ENOSPC');
  });
});
