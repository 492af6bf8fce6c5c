import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { run, startGroup } from '../peers/child.ts';

const binary = fileURLToPath(new URL('../../bin/portcullis', import.meta.url));
let demo: ReturnType<typeof startGroup>;
let printed: readonly string[];
beforeAll(async () => {
  const anyPort = ['web', 'websecure', 'admin'].map((name) => `--entryPoints.${name}.address=127.0.0.1:0`);
  demo = startGroup(process.execPath, [binary, 'demo', ...anyPort, '--log.level=ERROR']);
  await vi.waitFor(
    () => {
      if (!demo.running()) throw new Error(`the demo ended:\n${demo.output()}`);
      expect(demo.output()).toContain('Ctrl+C ends the demo');
    },
    { timeout: 20_000, interval: 50 },
  );
  printed = demo.output().split('\n');
}, 30_000);
afterAll(() => demo?.stop());

/** What a person sees who pastes the exports and then the lines below a heading of the demo's output. */
async function paste(heading: RegExp): Promise<string> {
  const exports = printed.filter((line) => line.startsWith('export '));
  const start = printed.findIndex((line) => heading.test(line)) + 1;
  const length = printed.slice(start).findIndex((line) => !line.startsWith('  '));
  const script = [...exports, ...printed.slice(start, start + length)].join('\n');
  const { stdout } = await run('bash', ['-c', script.replaceAll('  curl ', '  curl -sS --noproxy "*" --max-time 2 ')]);
  return stdout;
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
