import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFreePort } from '../peers/child.ts';
import { readBlocks } from './blocks.ts';

const root = join(import.meta.dirname, '../..');
const blocks = readBlocks(readFileSync(join(root, 'README.md'), 'utf8')).filter(({ language }) => language === 'sh');

let demo: ChildProcess;
let port: number;
const printed: string[] = [];
beforeAll(async () => {
  port = await findFreePort();
  const flags = [
    `--entryPoints.web.address=127.0.0.1:${port}`,
    ...['websecure', 'admin'].map((name) => `--entryPoints.${name}.address=127.0.0.1:0`),
  ];
  demo = spawn(process.execPath, [join(root, 'bin/portcullis'), 'demo', ...flags, '--log.level=ERROR'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: demo.stdout as NodeJS.ReadableStream })) {
    printed.push(line);
    if (line.includes('Ctrl+C ends the demo')) break;
  }
});
afterAll(async () => {
  const ended = new Promise((resolve) => demo.once('exit', resolve));
  demo.kill('SIGTERM');
  await ended;
});

test('[G-docs.readme] the tour of the README: 401, then 200, 403 and 200', async () => {
  const tour = blocks.filter(({ text }) => text.includes('curl'));
  expect(blocks[0]?.text).toMatch(/^make demo[^\n]*\nmake test/);
  const script = [...printed.filter((line) => line.startsWith('export ')), ...tour.map(({ text }) => text)]
    .join('\n')
    .replaceAll(':8000', `:${port}`);
  const { stdout } = await promisify(execFile)('bash', ['-c', script.replaceAll('curl ', 'curl -sS ')]);
  expect([...stdout.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual(['401', '200', '403', '200']);
  expect(stdout).toContain('denied by policy');
});
