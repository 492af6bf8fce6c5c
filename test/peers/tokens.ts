import { SignJWT } from 'jose';
import { canary, canaryToken } from '../support/canaries.ts';

/** The shared secret of the guide's manifests. */
export const guideSecret = canary('my-super-secret-key-change-in-production');

/** A token as the guide's script makes it: HS256, valid for an hour unless `exp` says otherwise, claims as given. */
export async function signToken(
  claims: Readonly<Record<string, unknown>>,
  secret: string = guideSecret,
): Promise<string> {
  const inAnHour = Math.floor(Date.now() / 1_000) + 3_600;
  return canaryToken(
    await new SignJWT({ exp: inAnHour, ...claims })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .sign(new TextEncoder().encode(secret)),
  );
}

export const developer = { sub: 'test-user', groups: ['developer'], email: 'test@example.com' } as const;
export const admin = { sub: 'admin-user', groups: ['admin'], email: 'admin@example.com' } as const;
