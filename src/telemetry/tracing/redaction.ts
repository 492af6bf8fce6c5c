import { isObject, type JsonValue, stringify } from '../../http/json.ts';
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

/** Compiles the redaction of arguments and results. */
export function compileRedaction(
  rules: RedactionRules,
): (value: JsonValue, sensitive: readonly (readonly string[])[]) => string {
  const parts = [...usual, ...rules.names.map(plainName)].filter((part) => part !== '');
  const isSensitiveName = (name: string): boolean => {
    const plain = plainName(name);
    return parts.some((part) => (part.length <= 4 ? plain === part : plain.includes(part)));
  };
  const hide = (value: JsonValue, paths: readonly (readonly string[])[]): JsonValue => {
    if (paths.some((path) => path.length === 0)) return redacted;
    if (typeof value === 'string') return scrub(value);
    if (Array.isArray(value)) {
      const below = step(paths, '*');
      return (value as readonly JsonValue[]).map((element) => hide(element, below));
    }
    if (!isObject(value)) return value;
    const copy = new Map<string, JsonValue>();
    for (const [key, member] of value) copy.set(key, isSensitiveName(key) ? redacted : hide(member, step(paths, key)));
    return copy;
  };
  return (value, sensitive) => {
    const text = stringify(hide(value, sensitive));
    return text.length <= rules.limit ? text : `${text.slice(0, rules.limit)}…`;
  };
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function step(paths: readonly (readonly string[])[], key: string): readonly (readonly string[])[] {
  if (paths.length === 0) return paths;
  return paths.filter((path) => path[0] === key || path[0] === '*').map((path) => path.slice(1));
}
