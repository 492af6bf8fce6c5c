import { readBearer, readQueryToken, withoutParameter } from '../../auth/bearer.ts';
import { compileChallenge, type RouteChallenge } from '../../auth/challenge.ts';
import { compileAudience } from '../../auth/token-claims.ts';
import { KeysUnavailable, TokenFailure, type TokenFailureCode } from '../../auth/token-failure.ts';
import type { VerifiedToken } from '../../auth/token-verifier.ts';
import type { JsonObject } from '../../http/json.ts';
import { Refusal } from '../../http/refusal.ts';
import { compileClaims } from '../../policy/index.ts';
import type { Exchange, Handler, Middleware, MiddlewareContext, MiddlewareDefinition, Reply } from '../definition.ts';
import { OptionProblems } from '../option-problems.ts';
import { compileIdentityForwarding } from './identity.ts';
import { type JwtOptions, jwtOptions } from './options.ts';
import { buildVerifier } from './verifier.ts';

/**
 * `plugin.jwt`. Data-plane §5: the configured key decides the algorithm, a token must be meant for the route, and neither
 * the token nor identity headers of the client's making reach the upstream.
 */
export const jwt: MiddlewareDefinition<JwtOptions> = {
  type: 'plugin.jwt',
  summary: 'Verifies JSON Web Tokens and makes their bearer the caller.',
  options: jwtOptions,
  authenticates: true,
  create: createJwt,
};

function createJwt(options: JwtOptions, context: MiddlewareContext): Middleware {
  const problems = new OptionProblems(context);
  const tokenSource = compileTokenSource(options, problems);
  const forwarding = compileIdentityForwarding(options, tokenSource.header, problems);
  const challenge =
    problems.attempt(
      ['wwwAuthenticate'],
      () => compileChallenge(options.wwwAuthenticate),
      'write the URL of the protected-resource metadata, or a challenge such as Bearer realm="mcp"',
    ) ?? compileChallenge(undefined);
  const allowed = compileClaimsRule(options, context, problems);
  if (options.requireExpiration === false) {
    problems.warn(['requireExpiration'], 'tokens without exp are valid for ever', 'let your issuer set exp');
  }
  if (options.clientConfig?.tls?.insecureSkipVerify === true) {
    problems.warn(
      ['clientConfig', 'tls', 'insecureSkipVerify'],
      'anybody on the way can replace the keys',
      'set clientConfig.tls.ca',
    );
  }
  const { verifier, sharedSecret } = buildVerifier(options, context, problems);
  const audiences = new RouteAudiences(options, sharedSecret);
  const refuse = new TokenRefusals(challenge, context);
  const lookedUp = context.install.witness?.tokenLookups(context.name);

  const pass = (exchange: Exchange, { principal, audience }: VerifiedToken, next: Handler): Promise<Reply> => {
    if (!audiences.accept(exchange.routeResource, audience)) throw refuse.unauthorized(exchange, 'jwt_audience');
    if (!allowed(principal.claims)) throw refuse.forbidden(exchange);
    const identity = forwarding.of(principal);
    exchange.identity = principal;
    exchange.facts.username = identity.username;
    for (const [name, value] of identity.headers) exchange.headers.append(name, value);
    return next(exchange);
  };
  const verify = async (token: string, exchange: Exchange, next: Handler): Promise<Reply> => {
    let verified: VerifiedToken;
    try {
      verified = await verifier.verify(token);
    } catch (error) {
      throw refuse.failed(exchange, error);
    }
    return await pass(exchange, verified, next);
  };

  return (next) => (exchange) => {
    // Nearly every token is known already: a request that waits for nothing needs no promise of its own.
    try {
      const token = tokenSource.take(exchange);
      forwarding.clear(exchange.headers);
      if (token === undefined) throw refuse.unauthorized(exchange, 'jwt_missing');
      const verified = verifier.recall(token);
      lookedUp?.(verified !== undefined);
      return verified === undefined ? verify(token, exchange, next) : pass(exchange, verified, next);
    } catch (error) {
      return Promise.reject(error);
    }
  };
}

interface TokenSource {
  /** Name of the header, as configured. */
  readonly header: string;
  /** Reads the token and, unless it is to be forwarded, takes it out of the request. */
  take(exchange: Exchange): string | undefined;
}

function compileTokenSource(options: JwtOptions, problems: OptionProblems): TokenSource {
  const header = options.headerName === undefined || options.headerName === '' ? 'Authorization' : options.headerName;
  const lower = header.toLowerCase();
  if (!/^[a-z0-9-]+$/.test(lower)) problems.add(['headerName'], 'not a header name', 'letters, digits and hyphens');
  const { forwardAuthorization, stripAuthorizationHeader } = options;
  if (forwardAuthorization !== undefined && stripAuthorizationHeader === forwardAuthorization) {
    problems.add(
      ['stripAuthorizationHeader'],
      'it contradicts forwardAuthorization',
      'remove stripAuthorizationHeader, the older of the two',
    );
  }
  const forward = forwardAuthorization ?? (stripAuthorizationHeader === undefined ? false : !stripAuthorizationHeader);
  if (forward) {
    problems.warn(
      [forwardAuthorization === undefined ? 'stripAuthorizationHeader' : 'forwardAuthorization'],
      'callers’ tokens go on to the upstream, which could use them elsewhere',
      'leave forwardAuthorization out, unless the upstream exchanges the token itself',
    );
  }
  const queryOption = (options.tokenKey ?? '') !== '' ? 'tokenKey' : 'tokenQueryKey';
  const parameter = options[queryOption] ?? '';
  if (parameter !== '') {
    problems.warn(
      [queryOption],
      'tokens in URLs end up in logs, histories and Referer headers',
      'send tokens in the Authorization header',
    );
  }
  return {
    header,
    take(exchange) {
      const fromHeader = readBearer(exchange.headers, lower);
      const token = fromHeader ?? (parameter === '' ? undefined : readQueryToken(exchange.query, parameter));
      if (!forward) {
        exchange.headers.delete(lower);
        if (parameter !== '' && exchange.query !== '') exchange.query = withoutParameter(exchange.query, parameter);
      }
      return token;
    },
  };
}

/** The audience rule for each resource that routes with this middleware have; one generation knows few. */
class RouteAudiences {
  readonly #options: JwtOptions;
  readonly #sharedSecret: boolean;
  readonly #rules = new Map<string | undefined, ReturnType<typeof compileAudience>>();

  constructor(options: JwtOptions, sharedSecret: boolean) {
    this.#options = options;
    this.#sharedSecret = sharedSecret;
  }

  accept(resource: string | undefined, audience: readonly string[] | undefined): boolean {
    let rule = this.#rules.get(resource);
    if (rule === undefined) {
      const configured = this.#options.audience ?? [];
      rule = compileAudience({
        resource,
        audiences: configured,
        strict: this.#options.strictAudience ?? false,
        optional: this.#sharedSecret && configured.length === 0,
      });
      this.#rules.set(resource, rule);
    }
    return rule(audience);
  }
}

/** The answers to requests that are not let through. The client learns the status and the challenge, the log the reason. */
class TokenRefusals {
  readonly #challenge: RouteChallenge;
  readonly #log: MiddlewareContext['log'];

  constructor(challenge: RouteChallenge, context: MiddlewareContext) {
    this.#challenge = challenge;
    this.#log = context.log;
  }

  unauthorized(exchange: Exchange, code: TokenFailureCode, detail?: string): Refusal {
    this.#note(exchange, code, detail);
    const challenge = this.#challenge(code !== 'jwt_missing', exchange.routeResource, exchange.routeScopes);
    return new Refusal(401, code, { headers: [['WWW-Authenticate', challenge]] });
  }

  forbidden(exchange: Exchange): Refusal {
    this.#note(exchange, 'jwt_claims_denied', undefined);
    return new Refusal(403, 'jwt_claims_denied');
  }

  failed(exchange: Exchange, error: unknown): Refusal {
    if (error instanceof TokenFailure) return this.unauthorized(exchange, error.code, error.detail);
    if (error instanceof KeysUnavailable) {
      this.#note(exchange, 'jwks_unavailable', undefined);
      return new Refusal(503, 'jwks_unavailable', { headers: [['Retry-After', String(error.retryAfter)]] });
    }
    throw error;
  }

  #note(exchange: Exchange, code: string, detail: string | undefined): void {
    exchange.facts.errorType ??= code;
    this.#log.debug('request refused by the jwt middleware', {
      reason: code,
      detail,
      exchange: exchange.id,
      traceId: exchange.facts.trace?.traceId,
      spanId: exchange.facts.trace?.spanId,
    });
  }
}

/** The `claims` option: a token whose claims it does not hold for, or cannot be judged on, is answered 403. */
function compileClaimsRule(
  options: JwtOptions,
  context: MiddlewareContext,
  problems: OptionProblems,
): (claims: JsonObject) => boolean {
  if (options.claims === undefined || options.claims.trim() === '') return () => true;
  const compiled = compileClaims(options.claims, (problem, range) => context.diagnose(problem, ['claims'], range));
  if (!compiled.ok) {
    problems.addAll(compiled.diagnostics);
    return () => false;
  }
  for (const warning of compiled.warnings) context.warn(warning);
  // The claims of a verified token never change, so neither does the answer.
  const remembered = new WeakMap<JsonObject, boolean>();
  return (claims) => {
    let allowed = remembered.get(claims);
    if (allowed === undefined) {
      allowed = compiled.claims.test(claims);
      remembered.set(claims, allowed);
    }
    return allowed;
  };
}
