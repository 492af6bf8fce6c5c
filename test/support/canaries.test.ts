import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { TestModule } from 'vitest/node';
import { canary, canaryKinds, keepOutput, outputKinds, searchOutputs } from './canaries.ts';
import ClosingLineReporter from './closing-line-reporter.ts';

let folder = '';
const codeBefore = process.exitCode;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-canaries-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  process.exitCode = codeBefore;
  vi.restoreAllMocks();
});

const empty = { errors: () => [], children: { allTests: () => [] } } as unknown as TestModule;

/** What the reporter prints at the end of a run of so many files without tests. */
function endOfRun(files = 0): string {
  let printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
  new ClosingLineReporter({ outputs: folder }).onTestRunEnd(new Array(files).fill(empty), []);
  return printed;
}

test('[TEL-canary] a secret in any output of the run fails the run', () => {
  canary('not-to-be-seen-1', 'token', folder);
  canary('not-to-be-seen-é2', 'argument', folder);
  keepOutput('process', '1', 'nothing here\n', folder);
  keepOutput('otlp', 'traces', Buffer.from([0, 1, 2, 200]), folder);
  expect(endOfRun()).toMatch(
    /no secret found: 1 token, 1 argument searched for in 2 outputs, bytes of each kind: 13 process, 4 otlp\n\n1 passed, 0 failed/,
  );
  vi.restoreAllMocks();
  // Begun in one piece of output and ended in the next.
  keepOutput('otlp', 'traces', Buffer.from('…not-to-be-see'), folder);
  keepOutput('otlp', 'traces', Buffer.from('n-é2…'), folder);
  expect(searchOutputs(folder).leaks.map((leak) => leak.canary)).toEqual(['argument not-to-be-seen-é2']);
  const printed = endOfRun();
  expect(printed).toContain('0 passed, 1 failed');
  expect(printed).toContain('not-to-be-seen-é2');
  expect(process.exitCode).toBe(1);
});

test('a run in which nothing was collected proves nothing', () => {
  expect(endOfRun()).toContain('0 passed, 0 failed');
  expect(() => canary('short', 'secret', folder)).toThrow(TypeError);
});

test('[TEL-canary] however a value is spelled, it is found', () => {
  canary('with "quotes" & blanks', 'argument', folder);
  keepOutput('process', '1', JSON.stringify({ value: 'with "quotes" & blanks' }), folder);
  keepOutput('within', 'access', `GET /?q=${encodeURIComponent('with "quotes" & blanks')}`, folder);
  keepOutput('within', 'log', `{"data":{"key":"${btoa('with "quotes" & blanks')}"}}`, folder);
  expect(
    searchOutputs(folder)
      .leaks.map(({ output }) => output.replace(/^\d+-/, ''))
      .toSorted(),
  ).toEqual(['process-1', 'within-access', 'within-log']);
});

test('[TEL-canary] a whole run that lacks a kind of secret or of output fails', () => {
  for (const kind of canaryKinds) canary(`one of many ${kind}`, kind, folder);
  for (const kind of outputKinds.slice(1)) keepOutput(kind, '1', 'x'.repeat(1_000_000), folder);
  expect(endOfRun(200)).toContain('a whole run without any process: they are not collected any more');
  keepOutput('process', '1', 'x', folder);
  expect(endOfRun(200)).toContain('only 4 secrets and 4000001 bytes');
  for (let count = 0; count < 100; count++) canary(`one of a hundred: ${count}`, 'token', folder);
  expect(endOfRun(200)).toContain('1 passed, 0 failed');
});

test('[TEL-canary] no test has a part of a gateway write where nobody searches', () => {
  const root = join(import.meta.dirname, '../..');
  const files = globSync(['src/**/*.test.ts', 'test/**/*.ts', 'demo/**/*.test.ts'], { cwd: root });
  expect(files.length).toBeGreaterThan(200);
  const past = files.filter(
    (file) =>
      file !== 'test/support/gateway-within.ts' &&
      /import [^;]*\b(?:silentLogger|startGateway|openAppendFile)\b[^;]* from '\./.test(
        readFileSync(join(root, file), 'utf8'),
      ),
  );
  expect(past, 'use test/support/kept-log.ts and gateway-within.ts').toEqual([]);
});
