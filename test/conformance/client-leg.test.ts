import { describe, expect, test } from 'vitest';
import { runClientScenario } from './run-conformance.ts';

/**
 * The scenarios in which the suite plays the server, without those about obtaining tokens: they want the resource to be
 * the URL of the suite, which a gateway in between is not (RFC 9728 §3.3).
 */
const scenarios = {
  '2025-11-25': ['initialize', 'tools_call', 'sse-retry', 'elicitation-sep1034-client-defaults'],
  '2026-07-28': [
    'tools_call',
    'request-metadata',
    'sep-2322-client-request-state',
    'http-standard-headers',
    'http-custom-headers',
    'http-invalid-tool-headers',
    'json-schema-ref-no-deref',
  ],
} as const;

describe.each(Object.entries(scenarios))('a client of %s', (revision, names) => {
  test.each(names)('[DP-1.client-leg] scenario %s says the same through the gateway', async (scenario) => {
    const [direct, through] = await Promise.all([
      runClientScenario(scenario, revision, false),
      runClientScenario(scenario, revision, true),
    ]);
    expect(direct.filter(({ status }) => status === 'SUCCESS').length).toBeGreaterThan(0);
    expect(direct.filter(({ status }) => status === 'FAILURE' || status === 'WARNING')).toEqual([]);
    expect(judged(through)).toEqual(judged(direct));
  });
});

/** Lines that tell of traffic come in an order that depends on time; what counts is the verdicts. */
function judged(verdicts: Awaited<ReturnType<typeof runClientScenario>>): readonly string[] {
  return verdicts
    .filter(({ status }) => status !== 'INFO')
    .map(({ check, status, message }) => `${status} ${check} ${message}`)
    .sort();
}
