/** What stands where a secret was. */
export const redacted = 'REDACTED';

const jsonWebToken = /\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)?/g;
const credentials = /\b(Bearer|Basic|Digest|DPoP) +(?![a-z_]+=["'])[A-Za-z0-9._~+/=-]{6,}/gi;

/**
 * Takes tokens out of a text on its way into a log. No code logs one on purpose; this is the second line, for texts that
 * came from elsewhere, such as messages of errors.
 */
export function scrub(text: string): string {
  if (!text.includes('eyJ') && !/ /.test(text)) return text;
  return text.replace(jsonWebToken, redacted).replace(credentials, (_all, scheme: string) => `${scheme} ${redacted}`);
}

/** Header fields whose value is, or lets one take over, somebody's identity. */
const credentialNames =
  /auth|cookie|token|secret|passw|credential|session|signature|assertion|(?:^|[-_])key$|(?:^|[-_])jwt$|client-cert/;

/** True for the names of header fields that a log must never show, in lower case. */
export function isCredentialHeader(lowerName: string): boolean {
  return credentialNames.test(lowerName) && lowerName !== 'www-authenticate';
}
