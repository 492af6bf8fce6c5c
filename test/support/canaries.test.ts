import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { canary, keepOutput, searchOutputs } from './canaries.ts';
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

/** What the reporter prints at the end of a run without tests. */
function endOfRun(): string {
  let printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
  new ClosingLineReporter({ outputs: folder }).onTestRunEnd([], []);
  return printed;
}

test('[TEL-canary] a secret in any output of the run fails the run', () => {
  canary('not-to-be-seen-1', folder);
  canary('not-to-be-seen-é2', folder);
  keepOutput('1-stdout', 'nothing here\n', folder);
  keepOutput('2-payload', Buffer.from([0, 1, 2, 200]), folder);
  expect(endOfRun()).toMatch(/no secret found: 2 searched for in 2 outputs of 17 bytes\n\n1 passed, 0 failed/);
  vi.restoreAllMocks();
  // Begun in one piece of output and ended in the next.
  keepOutput('2-payload', Buffer.from('…not-to-be-see'), folder);
  keepOutput('2-payload', Buffer.from('n-é2…'), folder);
  expect(searchOutputs(folder).leaks.map((leak) => leak.canary)).toEqual(['not-to-be-seen-é2']);
  const printed = endOfRun();
  expect(printed).toContain('0 passed, 1 failed');
  expect(printed).toContain('not-to-be-seen-é2');
  expect(process.exitCode).toBe(1);
});

test('a run in which nothing was collected proves nothing', () => {
  expect(endOfRun()).toContain('0 passed, 0 failed');
  expect(() => canary('short', folder)).toThrow(TypeError);
});
