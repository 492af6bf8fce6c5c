import type { Page, Section } from './library.ts';

/** A section that answers a question, best first. */
export type Passage = { readonly page: Page; readonly section: Section; readonly score: number };

export type SearchIndex = { readonly search: (question: string, limit: number) => readonly Passage[] };

type Entry = {
  readonly page: Page;
  readonly section: Section;
  readonly counts: ReadonlyMap<string, number>;
  readonly length: number;
};

// Okapi BM25 with the constants usual for short texts (Robertson and Zaragoza, 2009).
const k1 = 1.2;
const b = 0.75;
/** How many times a word counts that stands in a heading rather than in running text. */
const headingWeight = 3;

const stopWords = new Set(
  'a an and are as at be between by can do does for from happens has have how if in into is it its me of on or so than that the their them then there these they this to was what when where which while who why will with would you your'.split(
    ' ',
  ),
);

/** Indexes every section of the pages for ranked full-text search. */
export function buildSearchIndex(pages: readonly Page[]): SearchIndex {
  const entries: Entry[] = pages.flatMap((page) =>
    page.sections
      .filter((section) => section.text !== '')
      .map((section) => {
        const headings = section.heading === page.title ? page.title : `${page.title} ${section.heading}`;
        const words = [
          ...Array.from({ length: headingWeight }, () => tokenize(headings)).flat(),
          ...tokenize(section.text),
        ];
        return { page, section, counts: count(words), length: words.length };
      }),
  );
  const averageLength = entries.reduce((sum, entry) => sum + entry.length, 0) / Math.max(1, entries.length);
  const documentsWith = count(entries.flatMap((entry) => [...entry.counts.keys()]));

  const weigh = (entry: Entry, words: readonly string[]): number => {
    let score = 0;
    for (const word of words) {
      const frequency = entry.counts.get(word) ?? 0;
      const documents = documentsWith.get(word) ?? 0;
      const rarity = Math.log(1 + (entries.length - documents + 0.5) / (documents + 0.5));
      score += (rarity * frequency * (k1 + 1)) / (frequency + k1 * (1 - b + (b * entry.length) / averageLength));
    }
    return score;
  };

  return {
    search: (question, limit) => {
      const words = [...new Set(tokenize(question))];
      return entries
        .map(({ page, section, ...entry }) => ({ page, section, score: weigh({ page, section, ...entry }, words) }))
        .filter((passage) => passage.score > 0)
        .sort((one, other) => other.score - one.score)
        .slice(0, limit);
    },
  };
}

/** Lower-case words without stop words, with the plainest English endings removed so that `pods` finds `pod`. */
export function tokenize(text: string): readonly string[] {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).filter((word) => !stopWords.has(word)).map(stem);
}

function stem(word: string): string {
  if (word.length < 4) return word;
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (/(?:ss|sh|ch|x)es$/.test(word)) return word.slice(0, -2);
  if (word.endsWith('s') && !/(?:ss|us|is)$/.test(word)) return word.slice(0, -1);
  return word;
}

function count(words: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
