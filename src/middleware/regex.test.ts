import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { testContext } from '../../test/support/middleware-context.ts';
import { PortcullisError } from '../errors.ts';
import { compileRegex, compileTemplate } from './regex.ts';

/** Expected values are what Go's `regexp.ReplaceAllString` gives. */
const replacements: readonly (readonly [regex: string, input: string, replacement: string, output: string])[] = [
  ['^/api/(.*)', '/api/v1/x', '/$1', '/v1/x'],
  ['^/(?P<team>[a-z]+)/(.*)', '/blue/mcp', '/${2}-${team}', '/mcp-blue'],
  ['(a)(b)?', 'a', '[$1$2]', '[a]'],
  ['(a)', 'a', '$1x', ''],
  ['(a)', 'a', '${1}x', 'ax'],
  ['(a)', 'a', '$9-$nobody', '-'],
  ['a', 'a', '$$1', '$1'],
  ['a', 'a', '$ ${ $-', '$ ${ $-'],
  ['.*', 'abc', 'X', 'X'],
  ['a*', 'baac', 'X', 'XbXcX'],
  ['b', 'abab', 'c', 'acac'],
  ['z', 'abc', 'y', 'abc'],
];

describe('replacement templates', () => {
  it.each(replacements)('%s on %s with %s gives %s', (regex, input, replacement, output) => {
    expect(compileTemplate(replacement)(RE2JS.compile(regex), input)).toBe(output);
  });
});

describe('regular expressions of operators', () => {
  it('are reported at their place when they cannot be compiled', () => {
    let caught: unknown;
    try {
      compileRegex('(?=x)', testContext(), ['regex', 0]);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(PortcullisError);
    expect(caught instanceof PortcullisError && caught.diagnostics[0]?.subject).toContain('regex.0');
  });
});
