import { expect, test } from 'vitest';
import { type ExchangeOverrides, testExchange } from '../../../test/support/exchange.ts';
import type { Exchange } from '../../http/exchange.ts';
import { type DecisionFacts, type McpFacts, newFacts, type RequestFacts } from '../../http/facts.ts';
import { RecentPlans } from './recent-plans.ts';

const mcp: McpFacts = {
  kind: 'request',
  era: 'modern',
  method: 'tools/call',
  name: 'a',
  offered: true,
  uri: undefined,
  requestId: '1',
  sessionId: undefined,
  protocolVersion: '2026-07-28',
  errorCode: undefined,
  toolError: false,
  hidden: 0,
};
const decision: DecisionFacts = {
  id: 'd1',
  number: 1,
  outcome: 'allow',
  reason: 'rule',
  rule: 1,
  ruleName: 'one',
  middleware: 'm@file',
};

function request(facts: Partial<RequestFacts> = {}, about: ExchangeOverrides = {}): Exchange {
  const filled = { router: 'r@file', service: 's@file', serverUrl: 'http://a', originStatus: 200, mcp, decision };
  return testExchange({ facts: { ...newFacts(), ...filled, ...facts }, ...about });
}

const labelled: [string, Exchange, number, string][] = [
  ['router', request({ router: 'other@file' }), 200, 'a'],
  ['service', request({ service: 'other@file' }), 200, 'a'],
  ['server', request({ serverUrl: 'http://b' }), 200, 'a'],
  ['origin status', request({ originStatus: 500 }), 200, 'a'],
  ['error', request({ errorType: 'denied' }), 200, 'a'],
  ['attempts', request({ retryAttempts: 1 }), 200, 'a'],
  ['no message', request({ mcp: undefined }), 200, 'a'],
  ['method', request({ mcp: { ...mcp, method: 'tools/list' } }), 200, 'a'],
  ['kind', request({ mcp: { ...mcp, kind: 'notification' } }), 200, 'a'],
  ['code', request({ mcp: { ...mcp, errorCode: -32602 } }), 200, 'a'],
  ['tool error', request({ mcp: { ...mcp, toolError: true } }), 200, 'a'],
  ['version', request({ mcp: { ...mcp, protocolVersion: '2025-11-25' } }), 200, 'a'],
  ['hidden items', request({ mcp: { ...mcp, hidden: 1 } }), 200, 'a'],
  ['no decision', request({ decision: undefined }), 200, 'a'],
  ['outcome', request({ decision: { ...decision, outcome: 'deny' } }), 200, 'a'],
  ['reason', request({ decision: { ...decision, reason: 'default' } }), 200, 'a'],
  ['rule', request({ decision: { ...decision, rule: 2 } }), 200, 'a'],
  ['name of the rule', request({ decision: { ...decision, ruleName: 'two' } }), 200, 'a'],
  ['middleware', request({ decision: { ...decision, middleware: 'n@file' } }), 200, 'a'],
  ['entrypoint', request({}, { entrypoint: 'elsewhere' }), 200, 'a'],
  ['protocol', request({}, { protocol: '2' }), 200, 'a'],
  ['HTTP method', request({}, { method: 'DELETE' }), 200, 'a'],
  ['status', request(), 403, 'a'],
  ['name', request(), 200, 'b'],
];

test.each(labelled)('another %s is another kind of request', (_what, other, status, name) => {
  const plans = new RecentPlans<string>();
  plans.add(request(), 200, 'a', 'first');
  expect(plans.find(other, status, name)).toBeUndefined();
  plans.add(other, status, name, 'second');
  expect(plans.find(other, status, name)).toBe('second');
  expect(plans.find(request(), 200, 'a')).toBe('first');
});

test('what is no label makes no difference', () => {
  const plans = new RecentPlans<string>();
  plans.add(request(), 200, 'a', 'first');
  const like = request({
    mcp: { ...mcp, requestId: '2', sessionId: 's', uri: 'u', name: 'z' },
    decision: { ...decision, id: 'e1', number: 2 },
    replyBytes: 7,
  });
  expect(plans.find(like, 200, 'a')).toBe('first');
});

test('made-up methods and versions are never remembered', () => {
  const plans = new RecentPlans<string>();
  for (const made of [{ method: 'made/up' }, { protocolVersion: 'made up' }]) {
    const invented = request({ mcp: { ...mcp, ...made } });
    plans.add(invented, 200, '', 'made up');
    expect(plans.find(invented, 200, '')).toBeUndefined();
  }
});

test('the oldest gives way', () => {
  const plans = new RecentPlans<number>();
  for (let rule = 0; rule < 9; rule++) plans.add(request({ decision: { ...decision, rule } }), 200, 'a', rule);
  const found = (rule: number) => plans.find(request({ decision: { ...decision, rule } }), 200, 'a');
  expect([0, 1, 8].map(found)).toEqual([undefined, 1, 8]);
});
