import type { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import type { ExternalFile } from '../../config/dynamic/external-files.ts';
import { translateDocuments } from '../../config/dynamic/translate-documents.ts';
import { type ParsedSource, parseSource } from '../../config/source/parse-source.ts';
import type { ProviderUpdate } from '../definition.ts';
import { type ReadFile, type ReadResult, readPaths, unreadableReason } from './read-paths.ts';

/** One state of the files. */
export interface Loaded {
  readonly update: ProviderUpdate;
  /** Equal when every byte that was read is equal. */
  readonly digest: string;
  /** Folders in which a change would matter. */
  readonly folders: readonly string[];
}

type ExternalFiles = ReadonlyMap<string, ExternalFile>;

/** Makes a function that reads everything again each time it is called, and decodes only what has changed. */
export function createLoader(paths: readonly string[]): () => Promise<Loaded> {
  let last: Loaded | undefined;
  let parsed = new Map<string, { readonly content: Buffer; readonly result: ParsedSource }>();
  let externalPaths: ReadonlySet<string> = new Set();

  function parse({ path, content }: ReadFile): ParsedSource {
    const before = parsed.get(path);
    if (before?.content.equals(content) === true) return before.result;
    return extname(path).toLowerCase() === '.toml' ? refuseToml(path) : parseSource(path, content);
  }

  function decode(read: ReadResult, external: ExternalFiles): { update: ProviderUpdate; wanted: ReadonlySet<string> } {
    const results = read.files.map((file) => [file, parse(file)] as const);
    parsed = new Map(results.map(([{ path, content }, result]) => [path, { content, result }]));
    const diagnostics = [...read.diagnostics, ...results.flatMap(([, result]) => result.diagnostics)];
    if (diagnostics.length > 0) return { update: { ok: false, diagnostics }, wanted: externalPaths };
    const documents = results.flatMap(([, result]) => result.documents);
    const { configuration, wanted } = translateDocuments(documents, { files: external });
    return { update: { ok: true, configuration }, wanted };
  }

  return async function load() {
    const read = await readPaths(paths);
    let external = await readExternal(externalPaths);
    const before = digestOf(read, external);
    if (last?.digest === before) return last;
    let { update, wanted } = decode(read, external);
    if (![...wanted].every((path) => external.has(path))) {
      external = await readExternal(wanted);
      ({ update, wanted } = decode(read, external));
    }
    externalPaths = wanted;
    external = new Map([...external].filter(([path]) => wanted.has(path)));
    last = { update, digest: digestOf(read, external), folders: await foldersOf(read, external) };
    return last;
  };
}

function refuseToml(file: string): ParsedSource {
  return {
    documents: [],
    diagnostics: [
      {
        code: 'CONFIG_UNSUPPORTED',
        severity: 'error',
        message: 'TOML files are not read',
        hint: 'write the same as YAML, or take the file out of the folder',
        at: { file, line: 1, column: 1 },
      },
    ],
  };
}

async function readExternal(paths: ReadonlySet<string>): Promise<ExternalFiles> {
  const read = async (path: string): Promise<readonly [string, ExternalFile]> => {
    try {
      return [path, { text: await readFile(path, 'utf8') }];
    } catch (error) {
      return [path, { error: unreadableReason(error) }];
    }
  };
  return new Map(await Promise.all([...paths].map(read)));
}

function digestOf(read: ReadResult, external: ExternalFiles): string {
  const hash = createHash('sha256');
  const add = (...parts: readonly (string | Buffer)[]): void => {
    for (const part of parts) hash.update(`${part.length}:`).update(part);
  };
  for (const { path, content } of read.files) add('file', path, content);
  for (const { message } of read.diagnostics) add('diagnostic', message);
  for (const [path, file] of external) add('external', path, 'text' in file ? file.text : file.error);
  return hash.digest('hex');
}

/** The folders of all files, and of what symbolic links stand for. */
async function foldersOf(read: ReadResult, external: ExternalFiles): Promise<readonly string[]> {
  const folders = new Set(read.folders);
  for (const path of [...read.files.map((file) => file.path), ...external.keys()]) {
    folders.add(dirname(path));
    folders.add(dirname(await realpath(path).catch(() => path)));
  }
  return [...folders];
}
