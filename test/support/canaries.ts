import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * Everything secret that tests make is a canary: it is registered where it is made, and at the end of the run all logs,
 * audit records, metrics and OTLP payloads that any gateway of the run has written are searched for it.
 */

/** Shorter ones would be found by chance. */
const shortest = 10;

/** What is searched for: a run that has none of a kind proves nothing about it. */
export const canaryKinds = ['token', 'cookie', 'secret', 'argument'] as const;
export type CanaryKind = (typeof canaryKinds)[number];

/** Ways in which tests make a gateway write; a whole run has outputs of each. */
export const outputKinds = ['process', 'command', 'within', 'metrics', 'otlp'] as const;
export type OutputKind = (typeof outputKinds)[number];

/** Where the run collects; undefined outside of a run. */
function runFolder(): string | undefined {
  return process.env['TEST_OUTPUTS'];
}

/** Registers a secret and gives it back. Nothing may write it down. */
export function canary(value: string, kind: CanaryKind = 'secret', folder = runFolder()): string {
  if (value.length < shortest) throw new TypeError(`a canary has at least ${shortest} characters: ${value}`);
  if (folder !== undefined) appendFileSync(partOf(folder, 'canaries'), `${JSON.stringify([kind, value])}\n`);
  return value;
}

/** Registers a token in three parts by its claims and its signature; what stands before them is no secret. */
export function canaryToken(token: string): string {
  const [, claims, signature] = token.split('.');
  for (const part of [claims, signature]) if (part !== undefined && part.length >= shortest) canary(part, 'token');
  return token;
}

/**
 * Keeps something that a gateway has written, for the search: pieces of one name are searched as one text. `name` says
 * where a leak was.
 */
export function keepOutput(
  kind: OutputKind,
  name: string,
  content: string | Uint8Array,
  folder: string | undefined = runFolder(),
): void {
  if (folder === undefined || content.length === 0) return;
  appendFileSync(partOf(folder, 'outputs', `${kind}-${name.replaceAll(/[^a-zA-Z0-9.-]+/g, '_')}`), content);
}

const made = new Set<string>();

/** One file per process and name: several workers write at once. */
function partOf(folder: string, kind: string, name = 'list'): string {
  const path = join(folder, kind);
  if (!made.has(path)) mkdirSync(path, { recursive: true });
  made.add(path);
  return join(path, `${process.pid}-${name}`);
}

export interface Leak {
  readonly output: string;
  /** Its kind and itself. */
  readonly canary: string;
  /** What stands around it. */
  readonly context: string;
}

export interface CanarySearch {
  /** How many of each kind. */
  readonly canaries: Readonly<Record<CanaryKind, number>>;
  /** Bytes of each kind of output. */
  readonly kept: Readonly<Record<OutputKind, number>>;
  /** Files. */
  readonly outputs: number;
  readonly leaks: readonly Leak[];
}

/** Searches all that was kept for all that was registered. */
export function searchOutputs(folder: string): CanarySearch {
  const canaries = new Map<string, CanaryKind>();
  for (const file of filesOf(join(folder, 'canaries')))
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      if (line === '') continue;
      const [kind, value] = JSON.parse(line) as [CanaryKind, string];
      canaries.set(value, kind);
    }
  const find = compileSearch([...canaries.keys()]);
  const leaks: Leak[] = [];
  const outputs = filesOf(join(folder, 'outputs'));
  const kept = emptyCount(outputKinds);
  for (const file of outputs) {
    const content = readFileSync(file);
    const kind = outputKinds.find((each) => basename(file).split('-')[1] === each);
    if (kind !== undefined) kept[kind] += content.length;
    for (const { at, canary } of find(content)) {
      const context = content.subarray(Math.max(0, at - 80), at + 20).toString('latin1');
      leaks.push({ output: basename(file), canary: `${canaries.get(canary)} ${canary}`, context });
    }
  }
  const count = emptyCount(canaryKinds);
  for (const kind of canaries.values()) count[kind] += 1;
  return { canaries: count, kept, outputs: outputs.length, leaks };
}

function emptyCount<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
}

function filesOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

/** How a text may be written without being hidden. */
function spellings(text: string): string[] {
  // What follows may change the last character, and padding may be left out.
  const base64 = Buffer.from(text).toString('base64').replace(/=+$/, '').slice(0, -1);
  return [...new Set([text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text), base64])];
}

/**
 * Finds any of many texts in one go (Rabin–Karp): the first bytes of each are a number, and the numbers of all windows
 * of the content are looked up.
 */
function compileSearch(canaries: readonly string[]): (content: Buffer) => { at: number; canary: string }[] {
  const byHash = new Map<number, { readonly canary: string; readonly bytes: Buffer }[]>();
  let power = 1;
  for (let index = 1; index < shortest; index++) power = Math.imul(power, 31);
  for (const [canary, text] of canaries.flatMap((each) => spellings(each).map((text) => [each, text] as const))) {
    const bytes = Buffer.from(text);
    let hash = 0;
    for (const byte of bytes.subarray(0, shortest)) hash = (Math.imul(hash, 31) + byte) | 0;
    const same = byHash.get(hash) ?? [];
    byHash.set(hash, [...same, { canary, bytes }]);
  }
  return (content) => {
    const found: { at: number; canary: string }[] = [];
    let hash = 0;
    for (let end = 0; end < content.length; end++) {
      if (end >= shortest) hash = (hash - Math.imul(content[end - shortest] ?? 0, power)) | 0;
      hash = (Math.imul(hash, 31) + (content[end] ?? 0)) | 0;
      if (end < shortest - 1 || !byHash.has(hash)) continue;
      const at = end - shortest + 1;
      for (const { canary, bytes } of byHash.get(hash) ?? [])
        if (content.subarray(at, at + bytes.length).equals(bytes)) found.push({ at, canary });
    }
    return found;
  };
}
