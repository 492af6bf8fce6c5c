import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadLibrary, parsePage } from './library.ts';
import { buildSearchIndex, tokenize } from './search.ts';

describe('search over the demo pages', async () => {
  const library = await loadLibrary();

  test.each([
    ['kubernetes/kubernetes', 'What does CrashLoopBackOff mean?', 'nodes-and-kubelet', 'Kubelet'],
    ['kubernetes/kubernetes', 'How does the scheduler pick a node?', 'control-plane', 'Scheduler'],
    ['kubernetes/kubernetes', 'Are secrets encrypted?', 'configuration-and-secrets', 'Secrets'],
    ['kubernetes/kubernetes', 'which service type is an ExternalName', 'networking-and-services', 'Services'],
    ['modelcontextprotocol/specification', 'How is a token bound to an audience?', 'authorization', 'Getting a token'],
    ['modelcontextprotocol/specification', 'what is elicitation', 'asking-the-client', 'Elicitation'],
    [
      'portcullis/portcullis',
      'What happens when a claim is missing in a deny rule?',
      'policies',
      'What cannot be judged',
    ],
    ['portcullis/portcullis', 'rotation of keys', 'identity', 'Key rotation'],
  ])('%s: %s', (repository, question, slug, heading) => {
    const [best] = buildSearchIndex(library.get(repository) ?? []).search(question, 3);
    expect([best?.page.slug, best?.section.heading]).toEqual([slug, heading]);
  });

  test('answers nothing to words no page has', () => {
    expect(buildSearchIndex(library.get('kubernetes/kubernetes') ?? []).search('zyzzyva quokka', 3)).toEqual([]);
  });

  test('every repository has enough to read', () => {
    expect([...library].map(([name, pages]) => [name, pages.length >= 5])).toEqual([
      ['kubernetes/kubernetes', true],
      ['modelcontextprotocol/specification', true],
      ['portcullis/portcullis', true],
    ]);
  });
});

test('a section is found by any rare word in it, and scores fall from first to last', () => {
  const word = fc.stringMatching(/^[a-z]{5,9}q$/);
  fc.assert(
    fc.property(fc.uniqueArray(word, { minLength: 2, maxLength: 12 }), fc.nat(), (words, pick) => {
      const pages = words.map((text, at) => parsePage('o/r', `0${at}-page.md`, `# Page ${at}\n\ncommon ${text}`));
      const wanted = words[pick % words.length] ?? '';
      const found = buildSearchIndex(pages).search(`common ${wanted}`, 20);
      const scores = found.map(({ score }) => score);
      expect(found[0]?.section.text).toContain(wanted);
      expect(scores).toEqual([...scores].sort((one, other) => other - one));
    }),
    { numRuns: 50 },
  );
});

test.each([
  ['Pods and pod', ['pod', 'pod']],
  ['policies policy', ['policy', 'policy']],
  ['matches, status, class, classes', ['match', 'status', 'class', 'class']],
  ['what is the', []],
])('tokenize %s', (text, words) => {
  expect(tokenize(text)).toEqual(words);
});

test('headings inside fenced code are text, and a page without a title is refused', () => {
  const page = parsePage('o/r', '01-a.md', '# T\n\n```sh\n# not a heading\n```\n');
  expect(page.sections).toHaveLength(1);
  expect(() => parsePage('o/r', '02-b.md', 'no title')).toThrow('o/r/02-b.md');
});
