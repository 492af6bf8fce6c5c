/** What a `WWW-Authenticate: Bearer` challenge says (RFC 6750 §3, RFC 9728 §5.1). */
export interface BearerChallenge {
  /** URL of the protected-resource metadata. */
  readonly resourceMetadata?: string | undefined;
  /** Every scope that the operation needs; a client asks for exactly these. */
  readonly scope?: readonly string[] | undefined;
  /** Only when a token was sent (RFC 6750 §3.1). */
  readonly error?: 'invalid_token' | undefined;
}

/** Writes a 401 challenge. */
export function bearerChallenge({ resourceMetadata, scope, error }: BearerChallenge): string {
  const parameters = [
    ...(resourceMetadata === undefined ? [] : [`resource_metadata=${quoted(resourceMetadata)}`]),
    ...(scope === undefined || scope.length === 0 ? [] : [`scope=${quoted(scope.join(' '))}`]),
    ...(error === undefined ? [] : [`error=${quoted(error)}`]),
  ];
  // RFC 6750 §3 wants at least one parameter.
  return `Bearer ${parameters.length === 0 ? 'realm="portcullis"' : parameters.join(', ')}`;
}

/** Writes the challenge of a 403 that more scope would cure (RFC 6750 §3.1). One challenge names every scope needed. */
export function insufficientScopeChallenge(challenge: {
  readonly scope: readonly string[];
  readonly resourceMetadata?: string | undefined;
  readonly description?: string | undefined;
}): string {
  return [
    'Bearer error="insufficient_scope"',
    `scope=${quoted(challenge.scope.join(' '))}`,
    ...(challenge.resourceMetadata === undefined ? [] : [`resource_metadata=${quoted(challenge.resourceMetadata)}`]),
    ...(challenge.description === undefined ? [] : [`error_description=${quoted(challenge.description)}`]),
  ].join(', ');
}

/** The challenge of a route: `sent` says whether the request carried a token, `resource` and `scope` are the route's own. */
export type RouteChallenge = (
  sent: boolean,
  resource: string | undefined,
  scope?: readonly string[] | undefined,
) => string;

/** The configured challenge cannot be a header field. */
export class InvalidChallenge extends Error {
  override readonly name = 'InvalidChallenge';
}

/**
 * Compiles the `wwwAuthenticate` option: a bare URL becomes `Bearer resource_metadata="<url>"`, a value that has a scheme
 * is sent as written, and with none the metadata URL follows from the route's resource.
 *
 * @throws {InvalidChallenge}
 */
export function compileChallenge(configured: string | undefined): RouteChallenge {
  const value = configured?.trim() ?? '';
  if (value === '') {
    return (sent, resource, scope) =>
      bearerChallenge({
        scope,
        resourceMetadata: resource === undefined ? undefined : resourceMetadataUrl(resource),
        error: sent ? 'invalid_token' : undefined,
      });
  }
  if (!/^[\x20-\x7e]*$/.test(value)) throw new InvalidChallenge('it has characters that a header field cannot carry');
  if (/^https?:\/\//i.test(value)) {
    if (/[\s"\\]/.test(value) || !URL.canParse(value))
      throw new InvalidChallenge('it looks like a URL but is not a valid one');
    // A value that cannot be quoted is found now, not at the first refusal.
    bearerChallenge({ resourceMetadata: value });
    return (sent, _resource, scope) =>
      bearerChallenge({ resourceMetadata: value, scope, error: sent ? 'invalid_token' : undefined });
  }
  // RFC 9110 §11.3: challenge = auth-scheme [ 1*SP ( token68 / parameters ) ]
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+( +\S.*)?$/.test(value))
    throw new InvalidChallenge('it is neither a URL nor begins with a scheme');
  return () => value;
}

/** Where the metadata of a resource lives: the well-known path goes between host and path (RFC 9728 §3.1). */
export function resourceMetadataUrl(resource: string): string | undefined {
  const url = URL.parse(resource);
  if (url === null) return undefined;
  const path = url.pathname === '/' ? '' : url.pathname;
  return `${url.origin}/.well-known/oauth-protected-resource${path}${url.search}`;
}

/** A quoted-string (RFC 9110 §5.6.4). */
function quoted(text: string): string {
  if (!/^[\x20-\x7e]*$/.test(text)) throw new TypeError('a challenge parameter must be printable ASCII');
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
