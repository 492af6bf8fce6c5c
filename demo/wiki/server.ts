import {
  completable,
  McpServer,
  ResourceNotFoundError,
  ResourceTemplate,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { type Library, type Page, renderContents, renderStructure } from './library.ts';
import { buildSearchIndex, type Passage } from './search.ts';

const readOnly = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false } as const;
const markdown = 'text/markdown';
const passagesPerAnswer = 3;

/** Makes servers that all answer from one library; its search indexes are built once. */
export function createWikiServerFactory(library: Library): () => McpServer {
  const indexes = new Map([...library].map(([repository, pages]) => [repository, buildSearchIndex(pages)]));
  const repositories = [...library.keys()];
  const repoName = z.string().describe(`Repository in owner/repo form; this wiki has ${repositories.join(', ')}`);

  const withPages = (repository: string, answer: (pages: readonly Page[]) => string | Promise<string>) => {
    const pages = library.get(repository.trim());
    return pages === undefined ? unknownRepository(repository, repositories) : answerWith(() => answer(pages));
  };

  return () => {
    const server = new McpServer(
      { name: 'portcullis-demo-wiki', title: 'Portcullis demo wiki', version: '1.0.0' },
      {
        capabilities: {
          tools: { listChanged: true },
          resources: { listChanged: true },
          prompts: { listChanged: true },
        },
        instructions:
          'A small wiki. List a repository with read_wiki_structure, read it with read_wiki_contents, search it with ask_question.',
        cacheHints: { 'tools/list': { ttlMs: 60_000, cacheScope: 'public' } },
      },
    );

    server.registerTool(
      'read_wiki_structure',
      {
        description: 'Lists the documentation topics of a repository.',
        inputSchema: z.object({ repoName }),
        annotations: readOnly,
      },
      ({ repoName: name }) => withPages(name, (pages) => renderStructure(name.trim(), pages)),
    );
    server.registerTool(
      'read_wiki_contents',
      {
        description: 'Returns the whole documentation of a repository as Markdown.',
        inputSchema: z.object({ repoName }),
        annotations: readOnly,
      },
      ({ repoName: name }) => withPages(name, renderContents),
    );
    server.registerTool(
      'ask_question',
      {
        description: 'Searches the documentation of a repository and returns the passages that fit a question best.',
        inputSchema: z.object({ repoName, question: z.string().min(1).describe('A question in plain words') }),
        annotations: readOnly,
      },
      ({ repoName: name, question }, context) =>
        withPages(name, async (pages) => {
          const progress = reportTo(context);
          await progress(0, `Reading ${pages.length} pages of ${name.trim()}`);
          const found = indexes.get(name.trim())?.search(question, passagesPerAnswer) ?? [];
          await progress(1, `Found ${found.length} passages`);
          return renderAnswer(question, name.trim(), found);
        }),
    );

    for (const page of [...library.values()].flat()) {
      server.registerResource(
        page.uri.slice('wiki://'.length),
        page.uri,
        { title: page.title, description: `${page.title}, a page of the ${page.repository} wiki`, mimeType: markdown },
        () => ({ contents: [{ uri: page.uri, mimeType: markdown, text: page.markdown }] }),
      );
    }
    server.registerResource(
      'structure',
      new ResourceTemplate('wiki://{owner}/{repo}', {
        list: undefined,
        complete: {
          owner: startingWith(owners(repositories)),
          repo: (value, { arguments: known } = {}) => startingWith(reposOf(repositories, known?.['owner']))(value),
        },
      }),
      { title: 'Wiki structure', description: 'The table of contents of a repository', mimeType: markdown },
      (uri, { owner, repo }) => {
        const repository = `${owner}/${repo}`;
        const pages = library.get(repository);
        if (pages === undefined) throw new ResourceNotFoundError(uri.href);
        return { contents: [{ uri: uri.href, mimeType: markdown, text: renderStructure(repository, pages) }] };
      },
    );
    server.registerPrompt(
      'explain_topic',
      {
        title: 'Explain a topic',
        description: 'Asks for an explanation that rests on the passages of a wiki.',
        argsSchema: z.object({
          repoName: completable(z.string().describe('Repository in owner/repo form'), startingWith(repositories)),
          topic: z.string().describe('What to explain'),
        }),
      },
      ({ repoName: name, topic }) => ({
        messages: [
          {
            role: 'user',
            content: {
              type: 'text',
              text: renderAnswer(topic, name, indexes.get(name)?.search(topic, passagesPerAnswer) ?? []),
            },
          },
          {
            role: 'user',
            content: {
              type: 'text',
              text: `Explain ${topic} to a newcomer. Use only the passages above and name the page of each fact.`,
            },
          },
        ],
      }),
    );
    return server;
  };
}

async function answerWith(answer: () => string | Promise<string>) {
  return { content: [{ type: 'text' as const, text: await answer() }] };
}

function unknownRepository(repository: string, known: readonly string[]) {
  const text = `There is no wiki for "${repository}". This server has: ${known.join(', ')}.`;
  return { content: [{ type: 'text' as const, text }], isError: true };
}

function renderAnswer(question: string, repository: string, passages: readonly Passage[]): string {
  if (passages.length === 0) return `The wiki of ${repository} has nothing on: ${question}`;
  const parts = passages.map(
    ({ page, section }) => `## ${page.title}: ${section.heading}\n\n${section.text}\n\nPage: ${page.uri}`,
  );
  return [`Passages of ${repository} on: ${question}`, ...parts].join('\n\n');
}

/** Sends progress of two steps to a caller who asked for it by a progress token. */
function reportTo({ mcpReq }: ServerContext): (progress: number, message: string) => Promise<void> {
  const progressToken = mcpReq._meta?.progressToken;
  return async (progress, message) => {
    if (progressToken === undefined) return;
    await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 1, message } });
  };
}

const startingWith =
  (values: readonly string[]) =>
  (typed: string): string[] =>
    values.filter((value) => value.startsWith(typed));

const owners = (repositories: readonly string[]) => [
  ...new Set(repositories.map((name) => name.split('/')[0] ?? name)),
];

const reposOf = (repositories: readonly string[], owner: string | undefined) =>
  repositories
    .filter((name) => owner === undefined || name.startsWith(`${owner}/`))
    .map((name) => name.split('/')[1] ?? name);
