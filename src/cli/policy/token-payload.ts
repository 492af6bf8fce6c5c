import type { ObjectValue } from '../../expression/index.ts';
import { parseJsonValue } from './value-from.ts';

/** The claims inside a JWT. The signature is not checked: this is for trying policies out, never for traffic. */
export function claimsOfToken(token: string): ObjectValue | undefined {
  const [, payload, signature] = token.trim().split('.');
  if (payload === undefined || signature === undefined) return undefined;
  try {
    const claims = parseJsonValue(Buffer.from(payload, 'base64url').toString('utf8'));
    return claims instanceof Map ? (claims as ObjectValue) : undefined;
  } catch {
    return undefined;
  }
}
