import { isObject, JsonError, type JsonValue, scanJsonText, stringify } from '../../http/json.ts';
import { redacted, scrub } from '../scrub.ts';

/** Parts of names whose values are hidden, in lower case and without separators. */
const usual = [
  'password',
  'passwd',
  'passphrase',
  'secret',
  'token',
  'apikey',
  'authorization',
  'credential',
  'cookie',
  'privatekey',
  'ssn',
  'cardnumber',
  'cvv',
  'pin',
  'iban',
];

export interface RedactionRules {
  /** More parts of names. */
  readonly names: readonly string[];
  /** Most characters of the text. */
  readonly limit: number;
}

/** Where a value is sensitive, by the keys that lead there; `*` for each element of a list. */
type Paths = readonly (readonly string[])[];

/**
 * Compiles the redaction of arguments and results. Texts may hold JSON themselves, as what tools answer mostly does: they
 * are looked into as well, where `inTexts` says which of their values are sensitive.
 */
export function compileRedaction(
  rules: RedactionRules,
): (value: JsonValue, sensitive: Paths, inTexts?: Paths) => string {
  const parts = [...usual, ...rules.names.map(plainName)].filter((part) => part !== '');
  const isSensitiveName = (name: string): boolean => {
    const plain = plainName(name);
    return parts.some((part) => (part.length <= 4 ? plain === part : plain.includes(part)));
  };
  const hide = (value: JsonValue, paths: Paths, inTexts: Paths): JsonValue => {
    if (paths.some((path) => path.length === 0)) return redacted;
    if (typeof value === 'string') {
      const inner = readContainer(value);
      return inner === undefined ? scrub(value) : stringify(hide(inner, inTexts, inTexts));
    }
    if (Array.isArray(value)) {
      const below = step(paths, '*');
      return (value as readonly JsonValue[]).map((element) => hide(element, below, inTexts));
    }
    if (!isObject(value)) return value;
    const copy = new Map<string, JsonValue>();
    for (const [key, member] of value)
      copy.set(key, isSensitiveName(key) ? redacted : hide(member, step(paths, key), inTexts));
    return copy;
  };
  return (value, sensitive, inTexts = sensitive) => {
    const text = stringify(hide(value, sensitive, inTexts));
    return text.length <= rules.limit ? text : `${text.slice(0, rules.limit)}…`;
  };
}

/** The object or list that a text holds; undefined when it is a text and nothing else. */
function readContainer(text: string): JsonValue | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return scanJsonText(text);
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function step(paths: Paths, key: string): Paths {
  if (paths.length === 0) return paths;
  return paths.filter((path) => path[0] === key || path[0] === '*').map((path) => path.slice(1));
}
