import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/client/validators/ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readCaseFile } from '../../src/cli/policy/case-file.ts';

const root = join(import.meta.dirname, '../..');
const schema = JSON.parse(readFileSync(join(root, 'schema/policy-test.schema.json'), 'utf8'));
const validate = new AjvJsonSchemaValidator().getValidator(schema);

/** Whether an editor, and whether `policy test`, take a file. */
const taken = (text: string) => [validate(parse(text)).valid, readCaseFile('cases.yaml', text).ok];

const written = globSync('{examples,test/policy/fixtures}/**/*.policy-test.yaml', { cwd: root });

describe('[PL-4.case-schema] the schema of test files and `policy test` agree', () => {
  test.each(written)('on %s', (path) => {
    const text = readFileSync(join(root, path), 'utf8');
    const [bySchema, byReader] = taken(text);
    // A schema does not know which callers there are.
    if (path.includes('unknown-caller')) expect([bySchema, byReader]).toEqual([true, false]);
    else expect(bySchema).toBe(byReader);
  });

  test('on files that there are', () => {
    expect(written.length).toBeGreaterThan(8);
  });

  const ok = [true, true];
  const wrong = [false, false];
  test.each([
    ['{ call: a, expect: allow }', ok],
    ['{ call: { tool: a, arguments: { n: 1 } }, expect: deny, rule: 0, ip: 192.0.2.1 }', ok],
    ['{ call: a, expect: allow, visible: { tools: [a] } }', ok],
    ['{ visible: { tools: [a] }, offered: { tools: [a, { name: b, annotations: {} }] } }', ok],
    ['{ method: x/y, params: { a: 1 }, expect: allow, rule: default }', ok],
    ['{ message: "{}", expect: allow }', ok],
    ['{ event: stream, expect: allow, token: x }', [true, false]],
    ['{ call: a }', wrong],
    ['{ expect: allow }', wrong],
    ['{ name: nothing }', wrong],
    ['{ call: a, read: "x:y", expect: allow }', wrong],
    ['{ call: a, expect: maybe }', wrong],
    ['{ call: a, expect: allow, rule: -1 }', wrong],
    ['{ call: a, expect: allow, params: {} }', wrong],
    ['{ call: a, expect: allow, claims: {}, token: x }', wrong],
    ['{ call: { tool: a, argument: {} }, expect: allow }', wrong],
    ['{ visible: { tools: [a] }, expect: allow }', wrong],
    ['{ visible: { tools: [a] }, rule: 0 }', wrong],
    ['{ visible: { tool: [a] } }', wrong],
    ['{ list: templates, expect: allow }', wrong],
    ['{ cal: a, expect: allow }', wrong],
  ])('on the case %s', (one, expected) => {
    expect(taken(`cases: [${one}]`)).toEqual(expected);
  });

  test.each(['cases: []', 'case: [{ call: a, expect: allow }]', 'policies: []\ncases: [{ call: a, expect: allow }]'])(
    'on the file %j',
    (text) => {
      expect(taken(text)).toEqual(wrong);
    },
  );
});
