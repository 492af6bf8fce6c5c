/** What the `auth` room and the authenticating middlewares promise; their tests cite these ids. */
export const requirements = [
  {
    id: 'AR-principal',
    source: 'architecture, structural safety',
    behaviour: 'Only auth can make a Principal; look-alikes, copies and proxies are not one.',
  },
  {
    id: 'DP-4.challenge',
    source: 'data-plane §4',
    behaviour:
      'A 401 carries a Bearer challenge with resource_metadata, and error="invalid_token" only when a token was sent; a configured scheme is sent as written.',
  },
  {
    id: 'DP-4.insufficient-scope',
    source: 'data-plane §4',
    behaviour: 'The challenge of a 403 that more scope would cure names every scope needed.',
  },
  {
    id: 'DP-5.algorithm',
    source: 'data-plane §5',
    behaviour: 'The configured key decides which algorithms a token may use.',
  },
  {
    id: 'DP-5.audience',
    source: 'data-plane §5',
    behaviour: 'A token with an audience must name the route; one without is accepted only under a shared secret.',
  },
  {
    id: 'DP-5.binding',
    source: 'data-plane §5',
    behaviour: 'Sessions bind to issuer, subject and credential kind, joined unambiguously.',
  },
  { id: 'DP-5.claims', source: 'data-plane §5', behaviour: 'Claims keep their exact numbers.' },
  {
    id: 'DP-5.claims-option',
    source: 'data-plane §5 and the facts about Traefik Hub §9',
    behaviour: 'A token whose claims the claims expression does not hold for, or cannot be judged on, is answered 403.',
  },
  {
    id: 'DP-5.forward-authorization',
    source: 'data-plane §5',
    behaviour: 'The inbound token does not leave unless forwardAuthorization says so.',
  },
  {
    id: 'DP-5.forward-headers',
    source: 'data-plane §5',
    behaviour:
      'Identity headers come from claims only: client-sent ones are dropped in any spelling, values are escaped, a missing claim means no header.',
  },
  {
    id: 'DP-5.issuer',
    source: 'data-plane §5',
    behaviour: 'The issuer is checked when configured, and only picks among configured keys.',
  },
  {
    id: 'DP-5.jwks',
    source: 'data-plane §5',
    behaviour: 'Key sets are cached by their HTTP headers, refreshed ahead, and a rotation is picked up.',
  },
  {
    id: 'DP-5.jwks-file',
    source: 'data-plane §5 and the facts about Traefik Hub §9',
    behaviour: 'A key set file is read again when it changes; a broken change keeps the keys there were.',
  },
  {
    id: 'DP-5.token-cache',
    source: 'data-plane §5',
    behaviour: 'Verified tokens are remembered until they expire or keys change, and never mistaken for one another.',
  },
  {
    id: 'G-8.token',
    source: 'guide, step 8',
    behaviour: 'The test tokens of the guide (HS256, groups, no aud) are accepted and fill the identity headers.',
  },
  {
    id: 'G-9.401',
    source: 'guide, step 9',
    behaviour: 'Without a token the answer is 401 with an empty body and a challenge that names the metadata.',
  },
  {
    id: 'SEC-bearer',
    source: 'security §2.2',
    behaviour: 'A bearer token counts once, in one place, under its scheme; two credentials are refused with 400.',
  },
  {
    id: 'SEC-forward-auth',
    source: 'security §2.2',
    behaviour:
      'Without a usable answer of the authentication server nobody passes, and its headers replace those of the client.',
  },
  {
    id: 'SEC-header-spoof',
    source: 'security §2.2',
    behaviour: 'Every request header whose name folds to a managed one is dropped.',
  },
  {
    id: 'SEC-jose-corpus',
    source: 'security §1.2',
    behaviour:
      'Every invalid token and key set of the Wycheproof corpora is refused, valid signatures verify, every JWE is refused.',
  },
  {
    id: 'SEC-jwks-answers',
    source: 'security §3',
    behaviour: 'An answer that is no key set changes nothing: redirects, errors, oversize, broken bodies.',
  },
  {
    id: 'SEC-jwks-down',
    source: 'security §3',
    behaviour:
      'Without keys the answer is 503 with Retry-After; keys are kept for an hour of outage and come back without a restart.',
  },
  {
    id: 'SEC-jwks-flood',
    source: 'security §3',
    behaviour: 'Tokens with unknown key ids cause at most one fetch in 30 s, failed ones included.',
  },
  { id: 'SEC-jwt-alteration', source: 'security §2.2', behaviour: 'A token altered at any byte is refused.' },
  {
    id: 'SEC-jwt-attacks',
    source: 'security §2.2',
    behaviour: 'The attacks of RFC 8725 and its stories are refused: alg games, header keys, crit, b64, duplicates.',
  },
  {
    id: 'SEC-jwt-options',
    source: 'security §2.2',
    behaviour: 'Options that cannot be secure or cannot work are refused at load with the place and the way out.',
  },
  {
    id: 'SEC-jwt-times',
    source: 'security §2.2',
    behaviour: 'exp, nbf and iat are NumericDates; exp is required; the leeway is bounded.',
  },
  {
    id: 'SEC-no-token-in-logs',
    source: 'security §2.4',
    behaviour: 'Logs hold the reason of a refusal, never a token or a secret.',
  },
  {
    id: 'SEC-password',
    source: 'security §2.2',
    behaviour:
      'Passwords and API keys are checked in constant time against hashes, one at a time, and never forwarded unasked.',
  },
  {
    id: 'SEC-ssrf',
    source: 'security §2.4',
    behaviour: 'Outbound calls judge the address at connect time; link-local and metadata addresses are never reached.',
  },
  {
    id: 'SEC-token-places',
    source: 'security §2.2',
    behaviour: 'A token in the query, a cookie, a body or another header does not count.',
  },
  {
    id: 'SEC-weak-keys',
    source: 'security §2.2',
    behaviour: 'Keys whose signatures others can forge are refused at load.',
  },
] as const;
