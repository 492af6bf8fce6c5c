/** Why a token was refused. Codes go to the request's facts and to DEBUG logs, never to the client. */
export const tokenFailures = {
  jwt_missing: 'no token in the request',
  jwt_malformed: 'not a compact JWS with a strict JSON header and claims',
  jwt_header: 'a header parameter that is not understood (crit, b64, or a foreign typ)',
  jwt_algorithm: 'the configured key does not serve the algorithm that the token names',
  jwt_key_unknown: 'no configured key has the key id that the token names',
  jwt_key_ambiguous: 'more than one configured key fits',
  jwt_signature: 'the signature is not valid',
  jwt_claims_malformed: 'a registered claim has the wrong type, or exp is missing',
  jwt_expired: 'the token has expired',
  jwt_not_yet_valid: 'the token is not valid yet (nbf)',
  jwt_issued_in_future: 'the token claims to be issued in the future (iat)',
  jwt_issuer: 'the issuer is not one of the configured ones',
  jwt_audience: 'the token is not meant for this route',
} as const satisfies Record<string, string>;

export type TokenFailureCode = keyof typeof tokenFailures;

/** A token that does not prove who is calling. `detail` explains it to the operator and never holds the token. */
export class TokenFailure extends Error {
  override readonly name = 'TokenFailure';
  readonly code: TokenFailureCode;
  readonly detail: string | undefined;

  constructor(code: TokenFailureCode, detail?: string) {
    super(detail === undefined ? tokenFailures[code] : `${tokenFailures[code]}: ${detail}`);
    this.code = code;
    this.detail = detail;
  }
}

/** There are no keys to judge a token with: not the caller's fault, so neither 401 nor 200. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
  /** Whole seconds. */
  readonly retryAfter: number;

  constructor(retryAfter: number) {
    super('no verification keys could be had');
    this.retryAfter = retryAfter;
  }
}
