import { Buffer } from 'node:buffer';
import type { Diagnostic } from '../../../errors.ts';
import type { SecretAnswer, SecretReference } from '../../secret.ts';
import type { KeyPath } from '../model.ts';
import { configMap, secret } from '../schema/core-objects.ts';
import { decodeObject, type Referrer, refer, referredObject, type Translation } from './translation.ts';

/** The values of a Secret or ConfigMap, as bytes. */
export type ObjectData = ReadonlyMap<string, Buffer>;
type Found =
  | { readonly data: ObjectData; readonly type: string | undefined }
  | { readonly problems: readonly Diagnostic[] };

/** The values of a Secret that is referred to by name. */
export function secretData(translation: Translation, referrer: Referrer, name: string, field: KeyPath): Found {
  const found = referredObject(translation, referrer, 'Secret', { namespace: referrer.namespace, name, field });
  if ('problem' in found) return { problems: [{ ...found.problem, code: 'CONFIG_SECRET' }] };
  const decoded = decodeObject(translation, found.object, secret);
  if (!decoded.ok) return { problems: decoded.problems };
  const { data, stringData, type } = decoded.value;
  return { type, data: new Map([...fromBase64(data), ...fromText(stringData)]) };
}

/** The values of a ConfigMap that is referred to by name. */
export function configMapData(translation: Translation, referrer: Referrer, name: string, field: KeyPath): Found {
  const found = referredObject(translation, referrer, 'ConfigMap', { namespace: referrer.namespace, name, field });
  if ('problem' in found) return { problems: [found.problem] };
  const decoded = decodeObject(translation, found.object, configMap);
  if (!decoded.ok) return { problems: decoded.problems };
  return { type: undefined, data: new Map([...fromBase64(decoded.value.binaryData), ...fromText(decoded.value.data)]) };
}

type Values = Readonly<Record<string, string>> | null | undefined;
const fromBase64 = (values: Values) =>
  Object.entries(values ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')] as const);
const fromText = (values: Values) =>
  Object.entries(values ?? {}).map(([key, value]) => [key, Buffer.from(value)] as const);

/** The text under the first of `keys` that is there. */
export function secretText(
  translation: Translation,
  referrer: Referrer,
  { name, keys, field }: { name: string; keys: readonly string[]; field: KeyPath },
): { readonly value: string } | { readonly problems: readonly Diagnostic[] } {
  const found = secretData(translation, referrer, name, field);
  if ('problems' in found) return found;
  const value = keys.map((key) => found.data.get(key)).find((bytes) => bytes !== undefined);
  if (value !== undefined) return { value: value.toString() };
  const wanted = keys.map((key) => `\`${key}\``).join(' or ');
  const message = `Secret ${referrer.namespace}/${name} has no key ${wanted}`;
  return { problems: [{ ...refer(referrer, field, message, listKeys(found.data)), code: 'CONFIG_SECRET' }] };
}

/** Answers secret references from the Secrets of a namespace. */
export function secretLookup(
  translation: Translation,
  referrer: Referrer,
): (reference: SecretReference) => SecretAnswer {
  return ({ name, key }) => {
    const found = secretData(translation, referrer, name, []);
    if ('problems' in found) {
      const [first] = found.problems;
      const missing = translation.objects.get('Secret', referrer.namespace, name) === undefined;
      const message = missing
        ? (first?.message ?? '')
        : `Secret ${referrer.namespace}/${name} cannot be used: ${first?.message ?? ''}`;
      return { ok: false, message, hint: first?.hint };
    }
    const bytes = found.data.get(key);
    if (bytes === undefined) {
      return {
        ok: false,
        message: `Secret ${referrer.namespace}/${name} has no key \`${key}\``,
        hint: listKeys(found.data),
      };
    }
    const value = bytes.toString();
    if (!Buffer.from(value).equals(bytes)) {
      return {
        ok: false,
        message: `key \`${key}\` of Secret ${referrer.namespace}/${name} is not text`,
        hint: 'store it in base64 once more, and say so where it is used',
      };
    }
    return { ok: true, value };
  };
}

function listKeys(data: ObjectData): string {
  return data.size === 0 ? 'the Secret is empty' : `it has: ${[...data.keys()].join(', ')}`;
}
