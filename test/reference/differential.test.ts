import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PolicySet } from '../../src/policy/index.ts';
import {
  type Case,
  type CaseItem,
  type CaseRequest,
  differenceOf,
  engineReads,
  engineSays,
  engineShows,
  referenceReads,
  referenceSays,
  referenceShows,
} from './case.ts';
import { makeCorpus } from './corpus.ts';
import { item, request, rules, soup } from './generate.ts';
import type { Rules } from './parser.ts';
import { Tape, tapes } from './tape.ts';
import { itemPlaces, places } from './vocabulary.ts';

/**
 * The engine against the reference that was written from the language page alone. `FUZZ_CASES` says how many cases (absent:
 * a hundred for each of `FUZZ_RUNS`), `FUZZ_SEED` repeats a run. A disagreement is shrunk and printed as a case to keep in
 * `found/`.
 */
const cases = Number(process.env['FUZZ_CASES'] ?? Number(process.env['FUZZ_RUNS'] ?? 1_200) * 100);
// One seed, so that a test run says the same twice; `make fuzz` looks further with others.
const seed = Number(process.env['FUZZ_SEED'] ?? 20_261_122);
const perRun = 8;
const timeout = Math.max(300_000, cases * 10);

/** Like `fc.assert`, with the number of runs that {@link cases} ask for and nothing but the shrunk case in the message. */
function assertProperty<Tapes>(property: fc.IProperty<Tapes>, runs: number): void {
  const result = fc.check(property, { numRuns: Math.max(1, Math.ceil(runs)), seed }) as fc.RunDetails<Tapes>;
  if (!result.failed) return;
  throw new Error(`with FUZZ_SEED=${seed}, after ${result.numRuns} runs`, { cause: result.errorInstance });
}

class Disagreement extends Error {
  constructor(what: string, found: unknown, failing: unknown) {
    super(`${what}: ${JSON.stringify(found)}\ntest/reference/found/NAME.json:\n${JSON.stringify(failing, null, 2)}`);
  }
}

interface Both {
  readonly engine: PolicySet;
  readonly reference: Rules;
}

function checkDecision({ engine, reference }: Both, failing: Case): boolean {
  const said = engineSays(engine, failing.request);
  const expected = referenceSays(reference, failing.request);
  const difference = differenceOf(said, expected);
  if (difference !== undefined) throw new Disagreement(difference, { engine: said, reference: expected }, failing);
  return said.reason === 'rule';
}

function checkVisibility({ engine, reference }: Both, failing: Case & { items: readonly CaseItem[] }): number {
  const shown = engineShows(engine, failing.request, failing.items);
  for (const [index, item] of failing.items.entries()) {
    const { least, most } = referenceShows(reference, failing.request, item);
    if (shown[index] ? !most : least)
      throw new Disagreement(`item ${index} not seen alike`, { shown, least, most }, failing);
  }
  return shown.filter((one) => one).length;
}

function soundBoth(caseRules: Case['rules']): Both | undefined {
  const engine = engineReads(caseRules);
  const reference = referenceReads(caseRules);
  if (typeof engine !== 'string' && typeof reference !== 'string') return { engine, reference };
  if (typeof engine === typeof reference) return undefined;
  throw new Disagreement('only one refuses', typeof engine === 'string' ? { engine } : { reference }, {
    rules: caseRules,
  });
}

describe('[PL-1.reference] the engine and the reference agree', () => {
  const ruleTapes = fc.array(tapes(64), { minLength: 1, maxLength: 4 });

  test(
    'on decisions, the rule that decides and why',
    () => {
      let applied = 0;
      let judged = 0;
      const requestTapes = fc.array(tapes(96), { minLength: perRun, maxLength: perRun });
      const property = fc.property(ruleTapes, requestTapes, tapes(16), (each, asked, first) => {
        const caseRules = rules(
          new Tape(first),
          each.map((bytes) => new Tape(bytes)),
        );
        const both = soundBoth(caseRules);
        if (both === undefined) return;
        for (const bytes of asked) {
          judged += 1;
          if (checkDecision(both, { rules: caseRules, request: request(new Tape(bytes)) })) applied += 1;
        }
      });
      assertProperty(property, (cases * 0.75) / perRun);
      expect(applied / judged).toBeGreaterThan(0.3);
    },
    timeout,
  );

  test(
    'on what a caller sees',
    () => {
      let shown = 0;
      let judged = 0;
      const itemTapes = fc.array(tapes(32), { minLength: 1, maxLength: perRun });
      const property = fc.property(ruleTapes, itemTapes, tapes(96), tapes(16), (each, listed, asked, first) => {
        const caseRules = rules(
          new Tape(first),
          each.map((bytes) => new Tape(bytes)),
          first.length % 3 === 0 ? places : itemPlaces,
        );
        const both = soundBoth(caseRules);
        if (both === undefined) return;
        const items = listed.map((bytes) => item(new Tape(bytes)));
        judged += items.length;
        shown += checkVisibility(both, { rules: caseRules, items, request: request(new Tape(asked)) });
      });
      assertProperty(property, (cases * 0.12) / perRun);
      expect(shown / judged).toBeGreaterThan(0.2);
    },
    timeout,
  );

  test(
    'on what is an expression',
    () => {
      let accepted = 0;
      let tried = 0;
      const property = fc.property(tapes(64), (bytes) => {
        tried += 1;
        if (soundBoth({ policies: [{ match: soup(new Tape(bytes)), action: 'deny' }] }) !== undefined) accepted += 1;
      });
      assertProperty(property, cases * 0.2);
      expect(accepted / tried).toBeGreaterThan(0.2);
    },
    timeout,
  );

  test(
    'on a corpus that never changes',
    () => {
      expect(makeCorpus()()).toBeUndefined();
    },
    timeout,
  );

  const folder = join(import.meta.dirname, 'found');
  const found = readdirSync(folder).filter((name) => name.endsWith('.json'));
  test.each(found)('on what was once found: %s', (name) => {
    const one = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Partial<Case>;
    const both = soundBoth(one.rules ?? { policies: [] });
    const asked: CaseRequest | undefined = one.request;
    if (both === undefined || asked === undefined) return;
    const failing = { rules: one.rules ?? { policies: [] }, request: asked };
    if (one.items === undefined) checkDecision(both, failing);
    else checkVisibility(both, { ...failing, items: one.items });
  });
});
