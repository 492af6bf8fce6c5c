import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningEverything, startEverything } from '../peers/everything.ts';
import { startTestGateway, type TestGateway } from '../peers/gateway.ts';
import { allowEverythingRoute, judgedRoute } from '../peers/routes.ts';
import { type ConformanceRun, runConformance } from './run-conformance.ts';

/** What the suite says of a server without faults; the 30 failures are the Tasks extension, which nobody requires. */
const expected = [
  { requirements: '2025-11-25', passed: 84, failed: 0, scored: 30 },
  { requirements: '2026-07-28', passed: 164, failed: 30, scored: 37 },
] as const;

let upstream: RunningEverything;
let gateway: TestGateway;
let judged: TestGateway;
beforeAll(async () => {
  upstream = await startEverything();
  [gateway, judged] = await Promise.all([
    startTestGateway({ files: { 'everything.yaml': allowEverythingRoute(upstream.port) } }),
    startTestGateway({ files: { 'everything.yaml': judgedRoute(upstream.port) } }),
  ]);
});
afterAll(async () => {
  await Promise.all([gateway?.stop(), judged?.stop()]);
  await upstream?.close();
});

describe.each(expected)('requirement set $requirements', ({ requirements, passed, failed, scored }) => {
  let direct: ConformanceRun;
  beforeAll(async () => {
    direct = await runConformance(upstream.url, requirements);
  });

  test('the upstream alone passes every scored scenario', () => {
    expect({ exitCode: direct.exitCode, passed: direct.passed, failed: direct.failed }).toEqual({
      exitCode: 0,
      passed,
      failed,
    });
    expect(direct.scored).toHaveLength(scored);
    expect(direct.scored.filter((scenario) => scenario.failed > 0)).toEqual([]);
  });

  test('[DP-1.transparent] through the gateway each check says the same', async () => {
    const through = await runConformance(`${gateway.webUrl}/mcp`, requirements);
    expect(through.verdicts).toEqual(direct.verdicts);
    expect(through.exitCode).toBe(0);
  });

  test('[DP-1.behind-policies] behind policies that allow everything each check says the same', async () => {
    const through = await runConformance(`${judged.webUrl}/mcp`, requirements);
    expect(through.verdicts).toEqual(direct.verdicts);
  });
});
