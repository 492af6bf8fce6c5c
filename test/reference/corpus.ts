import {
  type CaseItem,
  type CaseRequest,
  type CaseRules,
  differenceOf,
  engineReads,
  engineSays,
  engineShows,
  referenceReads,
  referenceSays,
  referenceShows,
} from './case.ts';
import { item, request, rules, soup } from './generate.ts';
import { Tape } from './tape.ts';
import { itemPlaces } from './vocabulary.ts';

/** Bytes that are the same for ever (xorshift). */
function bytesFrom(seed: number): (count: number) => Uint8Array {
  let state = seed;
  return (count) =>
    Uint8Array.from({ length: count }, () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state >>> 16;
    });
}

/**
 * Cases that never change, with what the reference says about each. The function it gives asks the engine and tells the
 * first difference, undefined when there is none; it may be called again and again, for instance on a changed engine.
 */
export function makeCorpus(size = 150, seed = 20_260_725): () => string | undefined {
  const bytes = bytesFrom(seed);
  const tape = (length: number) => new Tape(bytes(length));
  const checks = Array.from({ length: size }, () => {
    const texts = Array.from({ length: 3 }, () => soup(tape(64)));
    const caseRules = rules(
      tape(16),
      Array.from({ length: 1 + tape(1).below(4) }, () => tape(64)),
    );
    const requests = Array.from({ length: 8 }, () => request(tape(96)));
    const items = Array.from({ length: 6 }, () => item(tape(32)));
    const soups = texts.map((match): CaseRules => ({ policies: [{ match, action: 'deny' }] }));
    const shown = Array.from({ length: 3 }, () => rules(tape(16), [tape(64), tape(64)], itemPlaces));
    const all = [...soups.map(checkSyntax), checkRules(caseRules, requests, items)];
    all.push(...shown.map((each) => checkRules(each, requests.slice(0, 3), items)));
    return () => firstOf(all, (check) => check());
  });
  return () => firstOf(checks, (check) => check());
}

function firstOf<T>(all: readonly T[], ask: (one: T) => string | undefined): string | undefined {
  for (const one of all) {
    const difference = ask(one);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function checkSyntax(text: CaseRules): () => string | undefined {
  const sound = typeof referenceReads(text) !== 'string';
  return () =>
    (typeof engineReads(text) !== 'string') === sound ? undefined : `only one refuses ${JSON.stringify(text)}`;
}

function checkRules(text: CaseRules, requests: readonly CaseRequest[], items: readonly CaseItem[]) {
  const reference = referenceReads(text);
  if (typeof reference === 'string') return checkSyntax(text);
  const said = requests.map((asked) => ({ asked, expected: referenceSays(reference, asked) }));
  const shown = requests.slice(0, 2).map((asked) => {
    return { asked, expected: items.map((one) => referenceShows(reference, asked, one)) };
  });
  return (): string | undefined => {
    const engine = engineReads(text);
    if (typeof engine === 'string') return `only the engine refuses ${JSON.stringify(text)}`;
    const decided = firstOf(said, ({ asked, expected }) => differenceOf(engineSays(engine, asked), expected));
    return (
      decided ??
      firstOf(shown, ({ asked, expected }) => {
        const seen = engineShows(engine, asked, items);
        return expected.every(({ least, most }, index) => (seen[index] ? most : !least)) ? undefined : 'not seen alike';
      })
    );
  };
}
