import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

let demo: ChildProcess;
const printed: string[] = [];
beforeAll(async () => {
  const ports = ['web', 'websecure', 'admin'].map((name) => `--entryPoints.${name}.address=127.0.0.1:0`);
  const binary = fileURLToPath(new URL('../bin/portcullis', import.meta.url));
  demo = spawn(process.execPath, [binary, 'demo', ...ports, '--log.level=ERROR'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: demo.stdout as NodeJS.ReadableStream })) {
    printed.push(line);
    if (line.includes('Ctrl+C ends the demo')) break;
  }
});
afterAll(async () => {
  const ended = new Promise<number | null>((resolve) => demo.once('exit', resolve));
  demo.kill('SIGTERM');
  expect(await ended).toBe(0);
});

/** What a person gets who pastes the exports and then the lines below a heading of the demo's output. */
async function paste(heading: RegExp): Promise<string> {
  const exports = printed.filter((line) => line.startsWith('export '));
  const start = printed.findIndex((line) => heading.test(line)) + 1;
  const length = printed.slice(start).findIndex((line) => !line.startsWith('  '));
  const script = [...exports, ...printed.slice(start, start + length)]
    .join('\n')
    .replaceAll('curl ', 'curl -sS --max-time 2 ');
  const run = promisify(execFile)('bash', ['-c', script]);
  // curl leaves an open stream with an error; what it printed until then is what a person sees.
  return run.then(
    ({ stdout }) => stdout,
    (error: { stdout?: string }) => error.stdout ?? '',
  );
}

test.each([
  [/^Who protects this/, /"resource":\s*"https:\/\/mcp\.localhost\/deepwiki-mcp"/],
  [/^Without a token/, /^HTTP\/1\.1 401 [\s\S]*WWW-Authenticate: Bearer resource_metadata=/i],
  [/^With one, an event stream/, /^HTTP\/1\.1 200 [\s\S]*content-type: text\/event-stream/i],
  [/^The developer may read/, /^HTTP\/1\.1 200 [\s\S]*Control plane/],
  [/^but not its contents/, /^HTTP\/1\.1 403 [\s\S]*denied by policy/],
  [/^The admin may/, /^HTTP\/1\.1 200 [\s\S]*Scheduling and resources/],
])('[G-demo.lines] the lines below %s do what they say', async (heading, expected) => {
  expect(await paste(heading)).toMatch(expected);
});
