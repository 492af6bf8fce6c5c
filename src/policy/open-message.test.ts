import { describe, expect, it } from 'vitest';
import { policySetOf, requestOf } from '../../test/support/policy.ts';
import type { PolicyConfig } from './policy-set.ts';

const handshake = requestOf({
  jwt: { groups: ['developer'], level: '3' },
  ip: '192.0.2.7',
  protocolVersion: '2025-03-26',
  mcp: { jsonrpc: '2.0', id: 1, method: 'initialize', params: { name: 'x' } },
});
const view = (config: PolicyConfig) => policySetOf(config).viewOf(handshake);
const allow = (match: string) => ({ match, action: 'allow' as const });
const deny = (match: string) => ({ match, action: 'deny' as const });
const method = (name: string) => `Equals('mcp.method', '${name}')`;

describe('[PL-6.capabilities-known] a method is of use when some message of it could be allowed', () => {
  it.each<[string, PolicyConfig, string, boolean]>([
    ['no rule, default deny', {}, 'tools/call', false],
    ['no rule, default allow', { defaultAction: 'allow' }, 'tools/call', true],
    ['a rule for it', { policies: [allow(method('tools/call'))] }, 'tools/call', true],
    ['a rule for another', { policies: [allow(method('prompts/get'))] }, 'tools/call', false],
    [
      'one tool only',
      { policies: [allow(`${method('tools/call')} && Equals('mcp.params.name', 'a')`)] },
      'tools/call',
      true,
    ],
    ['arguments are open', { policies: [allow("Gt('mcp.params.arguments.n', '5')")] }, 'tools/call', true],
    ['headers are open', { policies: [allow("Equals('http.headers.x-team', 'a')")] }, 'tools/call', true],
    [
      'the version is yet to be settled',
      { policies: [allow("Equals('mcp.protocolVersion', '2025-11-25')")] },
      'tools/call',
      true,
    ],
    [
      'what is said of a tool is open',
      { policies: [allow("Equals('tool.annotations.readOnlyHint', 'true')")] },
      'tools/call',
      true,
    ],
    ['another group', { policies: [allow("Contains('jwt.groups', 'admin')")] }, 'tools/call', false],
    ['the own group', { policies: [allow("Contains('jwt.groups', 'developer')")] }, 'tools/call', true],
    ['another address', { policies: [allow("Prefix('client.ip', '10.')")] }, 'tools/call', false],
    ['another HTTP method', { policies: [allow("Equals('http.method', 'GET')")] }, 'tools/call', false],
    [
      'a deny that surely applies',
      { policies: [deny("Lt('jwt.level', '5')"), allow(method('tools/call'))] },
      'tools/call',
      false,
    ],
    [
      'a deny that cannot be judged',
      { policies: [deny("Lt('jwt.clearance', '5')"), allow(method('tools/call'))] },
      'tools/call',
      false,
    ],
    [
      'a deny that may apply',
      { policies: [deny("Equals('mcp.params.name', 'x')"), allow(method('tools/call'))] },
      'tools/call',
      true,
    ],
    [
      'a deny that cannot be judged unless the argument is left out',
      { policies: [deny("Equals('mcp.params.arguments.x', '${jwt.groups}')"), allow(method('tools/call'))] },
      'tools/call',
      true,
    ],
    ['a claim that is not there', { policies: [allow("Exists('jwt.none')")] }, 'tools/call', false],
    ['a claim with the name of a root', { policies: [allow("Equals('jwt.headers', 'x')")] }, 'tools/call', false],
    ['another version of JSON-RPC', { policies: [allow("Equals('mcp.jsonrpc', '1.0')")] }, 'tools/call', false],
    ['the version of JSON-RPC', { policies: [allow("Equals('mcp.jsonrpc', '2.0')")] }, 'tools/call', true],
    ['a deny after it', { policies: [allow(method('tools/call')), deny("Lt('jwt.level', '5')")] }, 'tools/call', true],
    ['a completion of a prompt', { policies: [allow(method('prompts/get'))] }, 'completion/complete', true],
    ['a completion of a template', { policies: [allow(method('resources/read'))] }, 'completion/complete', true],
    [
      'a rule for completions alone',
      { policies: [allow(method('completion/complete'))] },
      'completion/complete',
      false,
    ],
    [
      'a rule against completions',
      { policies: [deny(method('completion/complete')), allow(method('prompts/get'))] },
      'completion/complete',
      false,
    ],
    ['completions under a default', { defaultAction: 'allow' }, 'completion/complete', true],
  ])('%s', (_name, config, asked, expected) => {
    expect(view(config).usable(asked)).toBe(expected);
  });

  it('a denial that can be cured is none', () => {
    const set = view({ policies: [deny("!Contains('jwt.scope', 'tools')"), allow("Contains('jwt.scope', 'tools')")] });
    expect(set.usable('tools/call')).toBe(false);
    expect(set.usable('tools/call', ({ index }) => index === 0)).toBe(true);
    expect(set.usable('tools/call', ({ index }) => index === 1)).toBe(false);
    const other = view({ policies: [deny(method('prompts/get')), deny("Exists('jwt.scope')")] });
    expect(other.usable('tools/call', () => true)).toBe(false);
  });

  const list = allow(method('tools/list'));
  const call = allow(method('tools/call'));
  const show = (match: string) => ({ match, action: 'show' as const });
  const hide = (match: string) => ({ match, action: 'hide' as const });
  it.each<[string, PolicyConfig, boolean]>([
    ['that is denied', { policies: [call] }, false],
    ['of what can be called', { policies: [list, call] }, true],
    ['of what cannot be called', { policies: [list] }, false],
    ['that shows all', { policies: [list], listDefaultAction: 'show' }, true],
    ['that shows nothing', { policies: [list, call], listDefaultAction: 'hide' }, false],
    ['that shows something', { policies: [list], listPolicies: [show("Equals('mcp.params.name', 'a')")] }, true],
    [
      'that shows something to others',
      { policies: [list], listPolicies: [show("Contains('jwt.groups', 'x')")] },
      false,
    ],
    ['that hides something', { policies: [list, call], listPolicies: [hide("Equals('mcp.params.name', 'a')")] }, true],
    ['that hides all', { policies: [list, call], listPolicies: [hide("Contains('jwt.groups', 'developer')")] }, false],
  ])('a list %s', (_name, config, expected) => {
    expect(view(config).listable('tools')).toBe(expected);
  });
});
