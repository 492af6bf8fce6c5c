import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { openLineSink } from './line-sink.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-sink-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function until(check: () => boolean): Promise<void> {
  for (let wait = 0; wait < 200 && !check(); wait++) await sleep(10);
  expect(check()).toBe(true);
}

const textOf = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '');

test('a file: lines in order, its folder is made, what was there stays', async () => {
  const filePath = join(folder, 'a', 'b', 'app.log');
  const first = openLineSink({ filePath });
  first.write('one\n');
  first.write('two\n');
  await first.close();
  const second = openLineSink({ filePath });
  second.write('three\n');
  await second.close();
  expect(textOf(filePath)).toBe('one\ntwo\nthree\n');
});

test('after a rotation lines go to the new file', async () => {
  const filePath = join(folder, 'rotated.log');
  const sink = openLineSink({ filePath });
  sink.write('old\n');
  await until(() => textOf(filePath) === 'old\n');
  renameSync(filePath, `${filePath}.1`);
  sink.reopen();
  await until(() => existsSync(filePath));
  sink.write('new\n');
  await sink.close();
  expect([textOf(`${filePath}.1`), textOf(filePath)]).toEqual(['old\n', 'new\n']);
});

test('lines held back are written together, at the latest after a second', async () => {
  const filePath = join(folder, 'held.log');
  const sink = openLineSink({ filePath, holdBack: 3 });
  sink.write('1\n');
  sink.write('2\n');
  await sleep(100);
  expect(textOf(filePath)).toBe('');
  sink.write('3\n');
  await until(() => textOf(filePath) === '1\n2\n3\n');
  sink.write('4\n');
  await until(() => textOf(filePath) === '1\n2\n3\n4\n');
  await sink.close();
});

test('a path that cannot be written is an error at once', () => {
  expect(() => openLineSink({ filePath: join(folder, '\0') })).toThrow();
  expect(() => openLineSink({ filePath: folder })).toThrow(/EISDIR/);
});

test.runIf(existsSync('/dev/full'))('[SEC-log-never-blocks] a full disk loses lines and nothing else', async () => {
  const sink = openLineSink({ filePath: '/dev/full', maxWaiting: 1000 });
  for (let index = 0; index < 100; index++) {
    sink.write(`${'x'.repeat(99)}\n`);
    await sleep(1);
  }
  expect(sink.dropped).toBeGreaterThan(50);
  const begun = performance.now();
  await sink.close(200);
  expect(performance.now() - begun).toBeLessThan(1500);
});

test('[SEC-log-never-blocks] a reader that sleeps loses lines, is told how many, and delays nothing', async () => {
  const script = `
    const { createApplicationLog } = await import(${JSON.stringify(new URL('./application-log.ts', import.meta.url).href)});
    const log = createApplicationLog({ level: 'INFO', format: 'common', noColor: true });
    let longest = 0;
    const line = 'x'.repeat(1000);
    for (let round = 0; round < 100; round++) {
      const begun = performance.now();
      for (let index = 0; index < 200; index++) log.logger.info(line);
      await new Promise((resolve) => setTimeout(resolve, 1));
      longest = Math.max(longest, performance.now() - begun);
    }
    process.send({ longest, rss: process.memoryUsage().rss });
    process.once('message', async () => {
      log.logger.info('awake');
      await new Promise((resolve) => setTimeout(resolve, 50));
      log.logger.info('last');
      await log.close();
      process.exit(0);
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const { stdout } = child;
  if (stdout === null) throw new Error('no pipe');
  stdout.pause();
  const report = await new Promise<{ longest: number; rss: number }>((resolve) =>
    child.once('message', (value) => resolve(value as never)),
  );
  // 20 MB were logged into a pipe that nobody reads; a blocked write would have stopped the first round for ever.
  expect(report.longest).toBeLessThan(2000);
  let text = '';
  stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  stdout.resume();
  await sleep(300);
  child.send('wake');
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code).toBe(0);
  // Compared as a boolean: nobody wants to read four megabytes of a failure.
  expect(text.includes('awake')).toBe(true);
  const lost = Number(/Log lines were dropped because their reader was too slow lines=(\d+)/.exec(text)?.[1]);
  const written = text.match(/x{1000}/g)?.length ?? 0;
  expect(lost).toBeGreaterThan(1000);
  expect(written + lost).toBe(20_000);
  expect(text.endsWith('last\n')).toBe(true);
});

test('[SEC-log-never-blocks] a reader that has gone is no fault', async () => {
  const script = `
    const { createApplicationLog } = await import(${JSON.stringify(new URL('./application-log.ts', import.meta.url).href)});
    const log = createApplicationLog({ level: 'INFO', format: 'common', noColor: true });
    for (let round = 0; round < 50; round++) {
      log.logger.info('x'.repeat(10000));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await log.close();
    process.exit(7);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.destroy();
  expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(7);
});

test('lines written just before the process ends by itself are not lost', async () => {
  const script = `
    const { openLineSink } = await import(${JSON.stringify(new URL('./line-sink.ts', import.meta.url).href)});
    const [pipe, file] = [openLineSink(), openLineSink({ filePath: process.argv[1] })];
    await new Promise((resolve) => setTimeout(resolve, 100));
    pipe.write('to the pipe\\n');
    file.write('to the file\\n');
    process.exit(0);`;
  const filePath = join(folder, 'exit.log');
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, filePath], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  await new Promise((resolve) => child.once('close', resolve));
  expect(text).toBe('to the pipe\n');
  expect(textOf(filePath)).toBe('to the file\n');
});
