import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * Everything secret that tests make is a canary: it is registered where it is made, and at the end of the run all logs,
 * audit records, metrics and OTLP payloads that any gateway of the run has written are searched for it.
 */

/** Shorter ones would be found by chance. */
const shortest = 10;

/** Where the run collects; undefined outside of a run. */
function runFolder(): string | undefined {
  return process.env['TEST_OUTPUTS'];
}

/** Registers a secret and gives it back. Nothing may write it down. */
export function canary(value: string, folder = runFolder()): string {
  if (value.length < shortest) throw new TypeError(`a canary has at least ${shortest} characters: ${value}`);
  if (folder !== undefined) appendFileSync(partOf(folder, 'canaries'), `${JSON.stringify(value)}\n`);
  return value;
}

/** Registers a token in three parts by its claims and its signature; what stands before them is no secret. */
export function canaryToken(token: string): string {
  const [, claims, signature] = token.split('.');
  for (const part of [claims, signature]) if (part !== undefined && part.length >= shortest) canary(part);
  return token;
}

/** Keeps something that a gateway has written, for the search. `name` says where a leak was. */
export function keepOutput(name: string, content: string | Uint8Array, folder = runFolder()): void {
  if (folder === undefined || content.length === 0) return;
  appendFileSync(partOf(folder, 'outputs', name.replaceAll(/[^a-zA-Z0-9.-]+/g, '_')), content);
}

/** One file per process and name: several workers write at once. */
function partOf(folder: string, kind: string, name = 'list'): string {
  mkdirSync(join(folder, kind), { recursive: true });
  return join(folder, kind, `${process.pid}-${name}`);
}

export interface Leak {
  readonly output: string;
  readonly canary: string;
  /** What stands around it. */
  readonly context: string;
}

export interface CanarySearch {
  readonly canaries: number;
  readonly outputs: number;
  readonly bytes: number;
  readonly leaks: readonly Leak[];
}

/** Searches all that was kept for all that was registered. */
export function searchOutputs(folder: string): CanarySearch {
  const canaries = new Set<string>();
  for (const file of filesOf(join(folder, 'canaries')))
    for (const line of readFileSync(file, 'utf8').split('\n'))
      if (line !== '') canaries.add(JSON.parse(line) as string);
  const find = compileSearch([...canaries]);
  const leaks: Leak[] = [];
  const outputs = filesOf(join(folder, 'outputs'));
  let bytes = 0;
  for (const file of outputs) {
    const content = readFileSync(file);
    bytes += content.length;
    for (const { at, canary } of find(content)) {
      const context = content.subarray(Math.max(0, at - 80), at + 20).toString('latin1');
      leaks.push({ output: basename(file), canary, context });
    }
  }
  return { canaries: canaries.size, outputs: outputs.length, bytes, leaks };
}

function filesOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

/**
 * Finds any of many texts in one go (Rabin–Karp): the first bytes of each are a number, and the numbers of all windows
 * of the content are looked up.
 */
function compileSearch(canaries: readonly string[]): (content: Buffer) => { at: number; canary: string }[] {
  const byHash = new Map<number, { readonly canary: string; readonly bytes: Buffer }[]>();
  let power = 1;
  for (let index = 1; index < shortest; index++) power = Math.imul(power, 31);
  for (const canary of canaries) {
    const bytes = Buffer.from(canary);
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
