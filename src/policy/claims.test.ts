import { describe, expect, test } from 'vitest';
import { objectOf, type Plain } from '../../test/support/policy.ts';
import { formatDiagnostic } from '../errors.ts';
import { plainDiagnostic } from '../expression/index.ts';
import { type CompiledClaims, compileClaims } from './claims.ts';

function compileText(text: string): CompiledClaims {
  return compileClaims(text, ({ hint, ...problem }, range) =>
    plainDiagnostic(text, { ...problem, ...(hint === undefined ? {} : { hint }), ...range }),
  );
}

function passes(text: string, claims: { [name: string]: Plain }): boolean {
  const compiled = compileText(text);
  if (!compiled.ok) throw new Error(compiled.diagnostics.map(formatDiagnostic).join('\n'));
  return compiled.claims.test(objectOf(claims));
}

describe('[DP-5.claims-expression] the claims option', () => {
  test.each<[string, { [name: string]: Plain }, boolean]>([
    ['Equals(`grp`, `admin`)', { grp: 'admin' }, true],
    ['Equals(`grp`, `admin`)', { grp: 'dev' }, false],
    ['Equals("jwt.grp", "admin")', { grp: 'admin' }, true],
    ["Contains('groups', 'admin') && !Contains('groups', 'guest')", { groups: ['admin'] }, true],
    ["Contains('groups', 'admin') && !Contains('groups', 'guest')", { groups: ['admin', 'guest'] }, false],
    ["!Contains('groups', 'guest')", {}, false],
    ["!Contains('groups', 'guest')", { groups: 5 }, false],
    ["Contains('groups', 'guest')", {}, false],
    ["SplitContains('scope', ' ', 'mcp:read')", { scope: 'openid mcp:read' }, true],
    ["OneOf('https://acme\\\\.com/role', 'a', 'b')", { 'https://acme.com/role': 'b' }, true],
    ["Equals('realm.roles.0', '${preferred}')", { realm: { roles: ['a'] }, preferred: 'a' }, true],
    ["Equals('realm.roles.0', '${jwt.preferred}')", { realm: { roles: ['a'] }, preferred: 'a' }, true],
    ["Gte('level', 5)", { level: 5 }, true],
    ["Equals('mcp.method', 'x')", { mcp: { method: 'x' } }, true],
    ["Exists('jwt')", {}, false],
    ["Exists('jwt')", { jwt: 1 }, true],
    ["Exists('tool.annotations.a')", {}, false],
  ])('%s with %j: %s', (text, claims, expected) => {
    expect(passes(text, claims)).toBe(expected);
  });

  test('says what is wrong', () => {
    const compiled = compileText("Contain('groups', 'a') && Equals('a..b', 'c')");
    expect(compiled.ok ? '' : compiled.diagnostics.map(formatDiagnostic).join('\n')).toBe(
      [
        'error[EXPRESSION_UNKNOWN_FUNCTION]: There is no function Contain.',
        "  | Contain('groups', 'a') && Equals('a..b', 'c')",
        '  | ^^^^^^^',
        '  = help: Did you mean Contains?',
        'error[POLICY_PATH]: A name is missing in this path.',
        "  | Contain('groups', 'a') && Equals('a..b', 'c')",
        '  |                                     ^',
        '  = help: Names are separated by single dots: mcp.params.name.',
      ].join('\n'),
    );
  });

  test('warns of what can never be true', () => {
    const compiled = compileText("Prefix('sub', '')");
    expect(compiled.ok && compiled.warnings.map(({ code }) => code)).toEqual(['POLICY_CONSTANT']);
    const fine = compileText("Prefix('sub', 'a')");
    expect(fine.ok && fine.warnings).toEqual([]);
  });
});
