import { createHash } from 'node:crypto';

/** A digest that is equal for equal plain values, whatever the order of their keys; absent and undefined are one. */
export function fingerprint(...values: readonly unknown[]): string {
  const hash = createHash('sha256');
  for (const value of values) hash.update(canonical(value)).update('\n');
  return hash.digest('base64url');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`);
  return `{${members.join(',')}}`;
}
