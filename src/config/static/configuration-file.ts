import type { Buffer } from 'node:buffer';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Diagnostic } from '../../errors.ts';
import type { Span } from '../dynamic/model.ts';
import { parseSource } from '../source/parse-source.ts';
import { isPlainObject } from '../source/plain-value.ts';
import type { SourceDocument } from '../source/source-document.ts';
import type { OptionOrigin, WrittenSetting } from './setting.ts';

/** Where a configuration file is looked for when none is named; the first that exists counts. */
function defaultPlaces(env: Readonly<Record<string, string | undefined>>, cwd: string): string[] {
  const home = env['HOME'];
  const userFolder = env['XDG_CONFIG_HOME'] ?? (home === undefined ? undefined : join(home, '.config'));
  const folders = [cwd, ...(userFolder === undefined ? [] : [join(userFolder, 'portcullis')]), '/etc/portcullis'];
  return folders.flatMap((folder) => [join(folder, 'portcullis.yaml'), join(folder, 'portcullis.yml')]);
}

/** Finds the file to read: the named one, else the first of the default places that exists. */
export function findConfigurationFile(
  named: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): string | undefined {
  return named === undefined ? defaultPlaces(env, cwd).find((place) => existsSync(place)) : resolve(cwd, named);
}

export type FileReading =
  | { readonly ok: true; readonly settings: readonly WrittenSetting[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** Reads install options from a YAML (or JSON) file. `shown` is how the file is called in messages. */
export function readConfigurationFile(file: string, shown: string): FileReading {
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    const message = `configuration file ${shown} cannot be read (${reason})`;
    const hint = 'name an existing file with --configFile';
    return { ok: false, diagnostics: [{ code: 'CONFIG_UNREADABLE', severity: 'error', message, hint }] };
  }
  const { documents, diagnostics } = parseSource(shown, content);
  if (diagnostics.length > 0) return { ok: false, diagnostics };
  const [document, second] = documents;
  if (document === undefined) return { ok: true, settings: [] };
  if (second !== undefined) return refuse(second, 'install options are one document, this is a second one');
  if (!isPlainObject(document.value)) return refuse(document, 'the file must hold a mapping of option names');
  return { ok: true, settings: [...settingsOf(document, document.value, [], [])] };
}

function refuse(document: SourceDocument, message: string): FileReading {
  const { at, excerpt } = originAt(document, document.locate([]));
  return { ok: false, diagnostics: [{ code: 'CONFIG_INVALID_VALUE', severity: 'error', message, at, excerpt }] };
}

/** Everything that is not a mapping of more, each with the place of its value and of the keys that lead there. */
function* settingsOf(
  document: SourceDocument,
  section: Readonly<Record<string, unknown>>,
  path: readonly string[],
  keys: readonly OptionOrigin[],
): Generator<WrittenSetting> {
  for (const [name, value] of Object.entries(section)) {
    const inner = [...path, name];
    const innerKeys = [...keys, originAt(document, document.locate(inner, { key: true }))];
    if (isPlainObject(value) && Object.keys(value).length > 0) yield* settingsOf(document, value, inner, innerKeys);
    else yield { path: inner, value, origin: originAt(document, document.locate(inner)), keys: innerKeys };
  }
}

function originAt(document: SourceDocument, { file, line, column, length = 1 }: Span): OptionOrigin {
  const at = { file, line, column };
  return {
    source: 'file',
    place: `${file}:${line}:${column}`,
    at,
    excerpt: { text: document.line(at) ?? '', column, length },
  };
}
