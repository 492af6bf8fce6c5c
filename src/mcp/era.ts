import { isObject } from '../http/json.ts';
import type { Call } from './envelope.ts';

/** Legacy: up to 2025-11-25, with a handshake and sessions. Modern: 2026-07-28, every request describes itself. */
export type Era = 'legacy' | 'modern';

/** The first revision of the modern era. */
const firstModern = '2026-07-28';

const revision = /^\d{4}-\d{2}-\d{2}$/;

/** True for a revision of the modern era; what is no date names no era. */
export function isModernVersion(version: string | undefined): boolean {
  return version !== undefined && version >= firstModern && revision.test(version);
}

const versionKey = 'io.modelcontextprotocol/protocolVersion';

/**
 * The protocol version that the body itself claims (`_meta`), which is what makes a call modern. Undefined when there is
 * no claim; a claim that is not a string is the upstream's to judge.
 */
export function claimedVersion(call: Call): string | undefined {
  const meta = call.params?.get('_meta');
  const version = isObject(meta) ? meta.get(versionKey) : undefined;
  return typeof version === 'string' ? version : undefined;
}
