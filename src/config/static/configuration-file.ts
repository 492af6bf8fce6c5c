import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { Diagnostic } from '../../errors.ts';
import type { OptionOrigin, WrittenSetting } from './setting.ts';

/** An install file names few things; more than this is a mistake or an attack with anchors. */
const mostNodes = 10_000;

/** Where a configuration file is looked for when none is named; the first that exists counts. */
export function defaultPlaces(env: Readonly<Record<string, string | undefined>>, cwd: string): string[] {
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
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    const message = `configuration file ${shown} cannot be read (${reason})`;
    return {
      ok: false,
      diagnostics: [
        { code: 'CONFIG_UNREADABLE', severity: 'error', message, hint: 'name an existing file with --configFile' },
      ],
    };
  }
  return readSettings(text, shown);
}

/** Takes the text of an install file apart, each value with its place. */
export function readSettings(text: string, file: string): FileReading {
  const counter = new LineCounter();
  const lines = text.split(/\r?\n/);
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const originAt = (start: number, end: number): OptionOrigin => {
    const { line, col } = counter.linePos(start);
    const content = lines[line - 1] ?? '';
    const length = Math.max(1, Math.min(end - start, content.length - col + 1));
    return {
      source: 'file',
      place: `${file}:${line}:${col}`,
      at: { file, line, column: col },
      excerpt: { text: content, column: col, length },
    };
  };
  if (document.errors.length > 0) {
    const diagnostics = document.errors.map((error): Diagnostic => {
      const origin = originAt(error.pos[0], error.pos[1]);
      return {
        code: 'CONFIG_SYNTAX',
        severity: 'error',
        message: error.message,
        at: origin.at,
        excerpt: origin.excerpt,
      };
    });
    return { ok: false, diagnostics };
  }

  const settings: WrittenSetting[] = [];
  const diagnostics: Diagnostic[] = [];
  let nodes = 0;
  const visit = (
    node: unknown,
    path: readonly string[],
    keys: readonly OptionOrigin[],
    fallback: OptionOrigin,
  ): void => {
    nodes += 1;
    if (nodes > mostNodes) return;
    const value = isAlias(node) ? node.resolve(document) : (node as Node | null | undefined);
    const origin = rangeOf(node, originAt) ?? fallback;
    if (isMap(value) && (value.items.length > 0 || path.length === 0)) {
      for (const item of value.items) {
        const keyOrigin = rangeOf(item.key, originAt) ?? origin;
        const name = isScalar(item.key) ? String(item.key.value) : String(item.key);
        visit(item.value, [...path, name], [...keys, keyOrigin], keyOrigin);
      }
      return;
    }
    if (path.length === 0) {
      if (value === null || value === undefined || (isScalar(value) && value.value === null)) return;
      const message = 'the file must hold a mapping of option names';
      diagnostics.push({
        code: 'CONFIG_INVALID_VALUE',
        severity: 'error',
        message,
        at: origin.at,
        excerpt: origin.excerpt,
      });
      return;
    }
    settings.push({ path, value: plain(value), origin, keys });
  };
  const plain = (value: unknown): unknown => {
    if (isScalar(value)) return value.value;
    if (isMap(value) || isSeq(value)) return value.toJS(document, { maxAliasCount: 100 });
    return value ?? null;
  };
  visit(document.contents, [], [], originAt(0, 0));
  if (nodes > mostNodes) {
    const message = `more than ${mostNodes} values (anchors counted each time they are used)`;
    diagnostics.push({ code: 'CONFIG_INVALID_VALUE', severity: 'error', message, at: { file, line: 1, column: 1 } });
  }
  return diagnostics.length > 0 ? { ok: false, diagnostics } : { ok: true, settings };
}

function rangeOf(node: unknown, originAt: (start: number, end: number) => OptionOrigin): OptionOrigin | undefined {
  const range = (node as Node | null | undefined)?.range;
  return range === undefined || range === null ? undefined : originAt(range[0], range[1]);
}
