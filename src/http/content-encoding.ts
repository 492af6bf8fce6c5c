import type { HeaderFields } from './headers.ts';

/** True when a body is what it says, without a content coding (RFC 9110 §8.4). */
export function isUnencoded(headers: HeaderFields): boolean {
  return (
    !headers.has('content-encoding') ||
    headers.getAll('content-encoding').every((value) => value.trim().toLowerCase() === 'identity')
  );
}
