import { expect, test } from 'vitest';
import { policySetOf } from '../../../test/support/policy.ts';
import type { ObjectValue, Value } from '../../expression/index.ts';
import { lintPolicies } from './lint.ts';

const set = policySetOf({
  policies: [{ match: 'Equals(`mcp.method`, `tools/call`) && Equals(`jwt.tenant`, `acme`)', action: 'allow' }],
  defaultAction: 'deny',
});

function hintWith(...claims: readonly (readonly [string, Value])[]): string | undefined {
  const tokens: ObjectValue[] = [new Map(claims)];
  return lintPolicies(set, { tokens }).find(({ code }) => code === 'POLICY_UNKNOWN_CLAIM')?.hint;
}

test('[PL-4.policy-tools] the hint for an unknown claim fits what the sample tokens have', () => {
  expect(hintWith()).toBe('The sample tokens have no claims at all: give tokens as callers send them.');
  expect(hintWith(['sub', 'alice'], ['groups', ['admin']])).toBe('Claims of the sample tokens: sub, groups.');
  expect(hintWith(['tenannt', 'acme'])).toBe('Did you mean jwt.tenannt?');
  expect(hintWith(['tenant', 'acme'])).toBeUndefined();
});
