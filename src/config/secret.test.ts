import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveSecrets, type SecretLookup } from './secret.ts';

const values: Readonly<Record<string, string>> = {
  'keys/jwt': 'hunter2',
  'keys/fake': 'urn:k8s:secret:keys:jwt',
  'a.b/c-d_e.f': 'x',
};
const lookup: SecretLookup = ({ name, key }) => {
  const value = values[`${name}/${key}`];
  return value === undefined ? { ok: false, message: `no ${name}/${key}` } : { ok: true, value };
};

describe('secret references', () => {
  it.each([
    ['a whole text', 'urn:k8s:secret:keys:jwt', 'hunter2'],
    ['a part of a text', 'Bearer urn:k8s:secret:keys:jwt', 'Bearer hunter2'],
    ['several in a text', 'urn:k8s:secret:keys:jwt,urn:k8s:secret:keys:jwt', 'hunter2,hunter2'],
    ['names with dots', 'urn:k8s:secret:a.b:c-d_e.f', 'x'],
    ['a value that looks like a reference', 'urn:k8s:secret:keys:fake', 'urn:k8s:secret:keys:jwt'],
    ['no reference', 'urn:k8s:configmap:keys:jwt', 'urn:k8s:configmap:keys:jwt'],
    ['the wrong case', 'URN:k8s:secret:keys:jwt', 'URN:k8s:secret:keys:jwt'],
  ])('[AR-secret-references] %s', (_, text, expected) => {
    const { value, unresolved, secretPaths } = resolveSecrets({ a: [text] }, lookup);
    expect(value).toEqual({ a: [expected] });
    expect(unresolved).toEqual([]);
    expect(secretPaths).toEqual(text.includes('urn:k8s:secret:') ? [['a', 0]] : []);
  });

  it.each([
    ['no such key', 'urn:k8s:secret:keys:none', 0, 24],
    ['a part that is unknown', 'Bearer urn:k8s:secret:none:jwt !', 7, 23],
    ['no key', 'urn:k8s:secret:keys', 0, 15],
    ['nothing', 'x urn:k8s:secret:', 2, 15],
    ['a name that cannot be', 'urn:k8s:secret:Keys:jwt', 0, 15],
  ])('that cannot be resolved: %s', (_, text, offset, length) => {
    const { value, unresolved, secretPaths } = resolveSecrets([text], lookup);
    expect(value).toEqual([text]);
    expect(unresolved).toMatchObject([{ path: [0], offset, length }]);
    expect(secretPaths).toEqual([]);
  });

  it('leave everything else as it is, and what they were given too', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const before = structuredClone(value);
        const result = resolveSecrets(value, lookup);
        expect(value).toEqual(before);
        if (!JSON.stringify(value).includes('urn:k8s:secret:'))
          expect(result).toEqual({ value, secretPaths: [], unresolved: [] });
      }),
    );
  });

  it('are found wherever they stand', () => {
    const nested = fc.letrec<{ node: unknown; leaf: string }>((tie) => ({
      node: fc.oneof(
        tie('leaf'),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), tie('node'), { maxKeys: 3 }),
      ),
      leaf: fc.constant('urn:k8s:secret:keys:jwt'),
    })).node;
    fc.assert(
      fc.property(nested, (value) => {
        const { value: resolved, secretPaths } = resolveSecrets(value, lookup);
        expect(JSON.stringify(resolved)).not.toContain('urn:');
        expect(secretPaths).toHaveLength(JSON.stringify(value).split('urn:').length - 1);
        for (const path of secretPaths) {
          expect(path.reduce((at, step) => (at as Record<string | number, unknown>)[step], resolved)).toBe('hunter2');
        }
      }),
    );
  });
});
