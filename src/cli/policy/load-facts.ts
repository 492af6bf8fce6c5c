import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseSource } from '../../config/source/parse-source.ts';
import { isArray, isObject, type ObjectValue, type Value } from '../../expression/index.ts';
import { UsageError } from '../command.ts';
import { collectClaims } from '../token-claims.ts';
import { claimsOfToken } from './token-payload.ts';
import { objectFrom, parseJsonValue } from './value-from.ts';

/** The ways in which commands are told about a caller. */
export interface CallerOptions {
  /** A file with claims, as JSON or YAML, or with a JWT. */
  readonly claims?: string | undefined;
  readonly token?: string | undefined;
  /** `name=value`. */
  readonly claim?: readonly string[] | undefined;
  readonly claimJson?: readonly string[] | undefined;
}

/** The claims of a caller; undefined when nothing is said about one. Signatures are not checked. */
export function callerClaims(options: CallerOptions, cwd: string): ObjectValue | undefined {
  const { claims, token, claim = [], claimJson = [] } = options;
  let found: ObjectValue | undefined;
  if (claims !== undefined) found = claimsFile(claims, cwd);
  if (token !== undefined) {
    found = claimsOfToken(token);
    if (found === undefined) throw new UsageError('--token is not a JWT');
  }
  if (claim.length === 0 && claimJson.length === 0) return found;
  const collected = collectClaims({
    json: undefined,
    claims: claim,
    jsonClaims: claimJson,
    subject: undefined,
    issuer: undefined,
    audience: [],
  });
  return new Map([...(found ?? []), ...objectFrom(collected)]);
}

/** Claims from a file: a JSON or YAML mapping, or a JWT. */
export function claimsFile(path: string, cwd: string): ObjectValue {
  const content = readText(path, cwd);
  const token = /^\s*[\w-]+\.[\w-]+\.[\w-]*\s*$/.test(content) ? claimsOfToken(content) : undefined;
  if (token !== undefined) return token;
  const value = readData(path, content);
  if (isObject(value)) return value;
  throw new UsageError(`${path} holds no claims: give a JSON or YAML mapping, or a JWT`);
}

/** Data of a JSON or YAML file. Numbers of JSON stay as they are written. */
function readData(path: string, content: string): Value {
  if (/^\s*[[{]/.test(content)) {
    try {
      return parseJsonValue(content);
    } catch {
      // YAML in flow style begins alike.
    }
  }
  const [document] = parseSource(path, content).documents;
  const value = document?.value;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`${path} is neither JSON nor a YAML mapping`);
  return objectFrom(value);
}

/** Names of items from a file with a list answer, a list result, an array of items or of names. */
export function offeredNames(path: string, cwd: string, list: string, member: string): string[] {
  let value: Value | undefined;
  try {
    value = parseJsonValue(readText(path, cwd));
  } catch {
    throw new UsageError(`${path} is not JSON: give the answer to ${list}/list`);
  }
  return namesIn(value, list, member) ?? fail(`${path} holds no list of ${list}`);
}

/** The names in an answer to a list request, or in a part of one. */
export function namesIn(value: Value | undefined, list: string, member: string): string[] | undefined {
  if (isArray(value)) {
    return value.flatMap((one) => {
      const name = isObject(one) ? one.get(member) : one;
      return typeof name === 'string' ? [name] : [];
    });
  }
  if (!isObject(value)) return undefined;
  return namesIn(value.get(list) ?? value.get('result'), list, member);
}

function fail(message: string): never {
  throw new UsageError(message);
}

function readText(path: string, cwd: string): string {
  try {
    return readFileSync(resolve(cwd, path), 'utf8');
  } catch {
    throw new UsageError(`there is no readable file ${path}`);
  }
}

export const list = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
