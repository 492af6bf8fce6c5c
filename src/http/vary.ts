import type { HeaderFields } from './headers.ts';

/** Adds a name to `Vary` unless it is there, or `*` is (RFC 9110 §12.5.5). */
export function addVary(headers: HeaderFields, name: string): void {
  const present = headers
    .getAll('vary')
    .flatMap((value) => value.split(','))
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (present.some((part) => part === '*' || part.toLowerCase() === name.toLowerCase())) return;
  headers.set('Vary', [...present, name].join(', '));
}
