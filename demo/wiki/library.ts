import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The pages that come with the demo: `<owner>/<repo>/NN-title.md`. */
export const pagesFolder = fileURLToPath(new URL('./pages/', import.meta.url));

/** One heading of a page with the text below it, up to the next heading. */
export type Section = { readonly heading: string; readonly level: number; readonly text: string };

export type Page = {
  /** `owner/repo`. */
  readonly repository: string;
  /** File name without number and suffix, for instance `scheduling`. */
  readonly slug: string;
  /** `wiki://owner/repo/slug`. */
  readonly uri: string;
  readonly title: string;
  readonly markdown: string;
  readonly sections: readonly Section[];
};

/** Every repository of a wiki with its pages in reading order. */
export type Library = ReadonlyMap<string, readonly Page[]>;

/**
 * Reads a folder of Markdown pages. Each page begins with a first-level heading, its title; order follows file names.
 *
 * @throws when a page has no title, since it could then be neither listed nor found.
 */
export async function loadLibrary(folder: string = pagesFolder): Promise<Library> {
  const library = new Map<string, readonly Page[]>();
  for (const owner of await foldersOf(folder)) {
    for (const repo of await foldersOf(join(folder, owner))) {
      const files = (await readdir(join(folder, owner, repo))).filter((name) => name.endsWith('.md')).sort();
      const pages = files.map(async (name) =>
        parsePage(`${owner}/${repo}`, name, await readFile(join(folder, owner, repo, name), 'utf8')),
      );
      library.set(`${owner}/${repo}`, await Promise.all(pages));
    }
  }
  return library;
}

async function foldersOf(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** Splits a page into its sections. Headings inside fenced code are text. */
export function parsePage(repository: string, fileName: string, markdown: string): Page {
  const slug = fileName.replace(/^\d+-/, '').replace(/\.md$/, '');
  const sections: { heading: string; level: number; lines: string[] }[] = [];
  let fenced = false;
  for (const line of markdown.split('\n')) {
    if (line.startsWith('```')) fenced = !fenced;
    const heading = fenced ? null : /^(#{1,6}) +(.+?) *$/.exec(line);
    if (heading?.[1] !== undefined && heading[2] !== undefined)
      sections.push({ heading: heading[2], level: heading[1].length, lines: [] });
    else sections.at(-1)?.lines.push(line);
  }
  const [top] = sections;
  if (top?.level !== 1)
    throw new Error(`${repository}/${fileName}: a wiki page begins with its title, written "# Title"`);
  return {
    repository,
    slug,
    uri: `wiki://${repository}/${slug}`,
    title: top.heading,
    markdown,
    sections: sections.map(({ heading, level, lines }) => ({ heading, level, text: lines.join('\n').trim() })),
  };
}

/** The table of contents of a repository: pages numbered, second-level headings below them. */
export function renderStructure(repository: string, pages: readonly Page[]): string {
  const lines = pages.flatMap((page, index) => [
    `- ${index + 1} ${page.title}`,
    ...page.sections
      .filter((section) => section.level === 2)
      .map((section, inner) => `  - ${index + 1}.${inner + 1} ${section.heading}`),
  ]);
  return [`Available pages for ${repository}:`, '', ...lines].join('\n');
}

/** All pages of a repository as one Markdown text. */
export function renderContents(pages: readonly Page[]): string {
  return pages.map((page) => `# Page: ${page.title}\n\n${page.markdown.trim()}`).join('\n\n');
}
