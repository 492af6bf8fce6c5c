import type { KeyPath } from './dynamic/model.ts';

/** One key of a Kubernetes Secret in the namespace of whoever refers to it: `urn:k8s:secret:NAME:KEY`. */
export interface SecretReference {
  readonly name: string;
  readonly key: string;
}

/** The value, or why there is none. Reasons name objects and keys, never values. */
export type SecretAnswer =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly message: string; readonly hint?: string | undefined };

export type SecretLookup = (reference: SecretReference) => SecretAnswer;

/** A reference that could not be resolved, and where it stands. */
export interface UnresolvedSecret {
  readonly path: KeyPath;
  readonly offset: number;
  readonly length: number;
  readonly message: string;
  readonly hint?: string | undefined;
}

export interface ResolvedSecrets {
  readonly value: unknown;
  /** Paths of the strings that now hold a secret. */
  readonly secretPaths: readonly KeyPath[];
  readonly unresolved: readonly UnresolvedSecret[];
}

const marker = 'urn:k8s:secret:';
/** A reference may be a whole string or a part of one, as in `Bearer urn:k8s:secret:github:token`. */
const referencePattern = /urn:k8s:secret:(?:([a-z0-9](?:[-a-z0-9.]*[a-z0-9])?):([-._a-zA-Z0-9]+))?/g;

/**
 * Replaces every secret reference in every string of a value, however deeply nested. What a secret holds is never
 * searched for references again. The value given is left as it is.
 */
export function resolveSecrets(value: unknown, lookup: SecretLookup): ResolvedSecrets {
  const secretPaths: KeyPath[] = [];
  const unresolved: UnresolvedSecret[] = [];

  function resolveText(text: string, path: KeyPath): string {
    let resolved = false;
    const result = text.replace(
      referencePattern,
      (match: string, name: string | undefined, key: string | undefined, offset: number) => {
        const answer = name === undefined || key === undefined ? malformed : lookup({ name, key });
        if (answer.ok) {
          resolved = true;
          return answer.value;
        }
        unresolved.push({ path, offset, length: match.length, message: answer.message, hint: answer.hint });
        return match;
      },
    );
    if (resolved) secretPaths.push(path);
    return result;
  }

  function walk(node: unknown, path: KeyPath): unknown {
    if (typeof node === 'string') return node.includes(marker) ? resolveText(node, path) : node;
    if (Array.isArray(node)) return node.map((item, index) => walk(item, [...path, index]));
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, walk(item, [...path, key])]));
  }

  return { value: walk(value, []), secretPaths, unresolved };
}

const malformed: SecretAnswer = {
  ok: false,
  message: 'a secret reference has the form urn:k8s:secret:NAME:KEY',
  hint: 'NAME is the Secret, in the same namespace; KEY is one of its keys',
};
