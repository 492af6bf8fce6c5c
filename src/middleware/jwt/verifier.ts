import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import ipaddr from 'ipaddr.js';
import { systemClock } from '../../auth/clock.ts';
import { KeySet, parseKeySet } from '../../auth/key-set.ts';
import { FileKeySource, fixedKeys, type KeySource } from '../../auth/key-source.ts';
import { forbidden, outboundAgent } from '../../auth/outbound.ts';
import { RemoteKeySource } from '../../auth/remote-key-source.ts';
import { TokenVerifier, type TrustedKeys } from '../../auth/token-verifier.ts';
import { publicKey, secretKey, type VerificationKey } from '../../auth/verification-key.ts';
import type { MiddlewareContext } from '../definition.ts';
import type { OptionPath, OptionProblems } from '../option-problems.ts';
import type { JwtOptions } from './options.ts';

export interface BuiltVerifier {
  readonly verifier: TokenVerifier;
  /** True when whoever can verify a token could also have made it: then a missing audience says nothing. */
  readonly sharedSecret: boolean;
}

const keyOptions = ['signingSecret', 'publicKey', 'jwksFile', 'jwksUrl', 'trustedIssuers'] as const;

/**
 * Builds the verifier that the options describe, or takes over the one that an earlier generation built from the same
 * options, with its keys and its verified tokens.
 */
export function buildVerifier(
  options: JwtOptions,
  context: MiddlewareContext,
  problems: OptionProblems,
): BuiltVerifier {
  const plan = planKeys(options, context, problems);
  problems.throwIfAny();
  if (plan === undefined) throw new TypeError('no plan for keys, and no problem that says why');
  const times = { leeway: options.leeway ?? 30_000, requireExpiration: options.requireExpiration ?? true };
  // A digest, because secrets are among the options.
  const same = createHash('sha256')
    .update(
      JSON.stringify([
        keyOptions.map((name) => options[name]),
        options.signingSecretBase64Encoded,
        options.issuer,
        options.clientConfig,
        times,
      ]),
    )
    .digest('base64url');
  return {
    sharedSecret: plan.sharedSecret,
    verifier: context.share(
      `verifier/${same}`,
      () => new TokenVerifier({ keys: plan.make(), times, clock: systemClock }),
    ),
  };
}

interface KeyPlan {
  readonly sharedSecret: boolean;
  make(): TrustedKeys;
}

function planKeys(options: JwtOptions, context: MiddlewareContext, problems: OptionProblems): KeyPlan | undefined {
  const given = keyOptions.filter((name) => (options[name]?.length ?? 0) > 0);
  const [first, second, third] = given;
  const pathWithIssuers = first === 'jwksUrl' && second === 'trustedIssuers' && third === undefined;
  if (first === undefined) {
    problems.add([], `no key to verify tokens with`, `set one of ${keyOptions.join(', ')}`);
    return undefined;
  }
  if (second !== undefined && !pathWithIssuers) {
    problems.add(
      [second],
      `${given.join(' and ')} are set, but tokens are verified in one way only`,
      `keep one of them`,
    );
    return undefined;
  }
  const issuers = options.issuer === undefined ? undefined : new Set(options.issuer);
  const fixed = (path: OptionPath, sharedSecret: boolean, read: () => VerificationKey): KeyPlan | undefined => {
    const key = problems.attempt(
      path,
      read,
      'create a stronger or valid key and give its public half or, for HMAC, the secret',
    );
    if (key === undefined) return undefined;
    return { sharedSecret, make: () => ({ source: fixedKeys(new KeySet([key])), issuers }) };
  };
  switch (first) {
    case 'signingSecret':
      return fixed(['signingSecret'], true, () => secretKey(secretBytes(options)));
    case 'publicKey':
      return fixed(['publicKey'], false, () => publicKey(options.publicKey ?? ''));
    case 'jwksFile':
      return planFile(options.jwksFile ?? '', issuers, context, problems);
    default:
      return planRemote(options, context, problems);
  }
}

function secretBytes(options: JwtOptions): Uint8Array {
  const text = options.signingSecret ?? '';
  if (options.signingSecretBase64Encoded !== true) return Buffer.from(text, 'utf8');
  const compact = text.replace(/\s/g, '');
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(compact))
    throw new Error('it is not base64, though signingSecretBase64Encoded says so');
  return Buffer.from(compact, 'base64');
}

function planFile(
  file: string,
  issuers: ReadonlySet<string> | undefined,
  context: MiddlewareContext,
  problems: OptionProblems,
): KeyPlan | undefined {
  const path: OptionPath = ['jwksFile'];
  const inline = file.trimStart().startsWith('{');
  if (!inline && !isAbsolute(file)) {
    problems.add(
      path,
      'neither a JSON Web Key set nor an absolute path',
      'write /path/to/jwks.json, or the set itself: {"keys": [...]}',
    );
    return undefined;
  }
  const keys = problems.attempt(
    path,
    () => parseKeySet(inline ? Buffer.from(file) : readFileSync(file), { secrets: true }),
    'RFC 7517 §5 has the format',
  );
  if (keys === undefined) return undefined;
  for (const problem of keys.problems) problems.warn(path, `a key is left out: ${problem}`);
  if (keys.keys.length === 0) problems.add(path, 'no key in it can be used', keys.problems[0]);
  return {
    sharedSecret: false,
    make: () => ({
      source: inline ? fixedKeys(keys) : new FileKeySource(file, { clock: systemClock, log: context.log }),
      issuers,
    }),
  };
}

function planRemote(options: JwtOptions, context: MiddlewareContext, problems: OptionProblems): KeyPlan | undefined {
  const source = (url: URL) => () => remoteSource(url, options, context);
  const common = options.jwksUrl ?? '';
  if (common !== '' && !common.startsWith('/')) {
    if ((options.trustedIssuers?.length ?? 0) > 0) {
      problems.add(
        ['jwksUrl'],
        'jwksUrl with trustedIssuers must be a path',
        'give each trusted issuer its jwksUrl, or use issuer instead of trustedIssuers',
      );
      return undefined;
    }
    const url = parseKeyUrl(common, ['jwksUrl'], problems);
    const issuers = options.issuer === undefined ? undefined : new Set(options.issuer);
    return url && { sharedSecret: false, make: () => ({ source: source(url)(), issuers }) };
  }
  const trusted = [
    ...(options.trustedIssuers ?? []).map(({ issuer, jwksUrl }, index) => ({
      issuer,
      jwksUrl,
      path: ['trustedIssuers', index],
    })),
    ...(options.issuer ?? []).map((issuer) => ({ issuer, jwksUrl: undefined, path: ['issuer'] })),
  ];
  if (trusted.length === 0) {
    problems.add(
      ['jwksUrl'],
      'a path needs issuers to be resolved against',
      'list the issuers you trust under trustedIssuers or issuer; the one a token names is not to be believed',
    );
    return undefined;
  }
  const makers = new Map<string, () => KeySource>();
  for (const { issuer, jwksUrl, path } of trusted) {
    const address = jwksUrl ?? common;
    if (address === '') problems.add(path, `no jwksUrl for the issuer ${issuer}`, 'add its jwksUrl');
    else if (makers.has(issuer)) problems.add(path, `the issuer ${issuer} is listed twice`, 'keep one');
    else {
      const resolved = address.startsWith('/') ? URL.parse(address, issuer)?.href : address;
      const url = parseKeyUrl(resolved ?? issuer, path, problems);
      if (url !== undefined) makers.set(issuer, source(url));
    }
  }
  return {
    sharedSecret: false,
    make: () => ({ byIssuer: new Map(Array.from(makers, ([issuer, make]) => [issuer, make()])) }),
  };
}

/** Key sets travel under TLS, or not at all: whoever can change one can sign in as anybody. */
function parseKeyUrl(text: string, path: OptionPath, problems: OptionProblems): URL | undefined {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    problems.add(path, 'not an HTTP URL', 'write https://issuer.example/.well-known/jwks.json');
    return undefined;
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const local =
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    (ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback');
  if (url.protocol === 'http:' && !local) {
    problems.add(
      path,
      `key sets from ${url.hostname} need TLS`,
      `write https://${url.host}…; http:// is for this machine only`,
    );
    return undefined;
  }
  if (url.username !== '' || url.password !== '') {
    problems.add(path, 'a key set URL must not carry credentials', 'key sets are public');
    return undefined;
  }
  const why = ipaddr.isValid(host) ? forbidden(host, { loopbackOnly: false }) : undefined;
  if (why !== undefined) {
    problems.add(path, `${host} is ${why}`, 'use the address of your identity provider');
    return undefined;
  }
  return url;
}

function remoteSource(url: URL, options: JwtOptions, context: MiddlewareContext): KeySource {
  const { tls, timeoutSeconds = 5, maxRetries = 3 } = options.clientConfig ?? {};
  const timeout = timeoutSeconds * 1000;
  const { outbound } = context.install;
  const shared = tls === undefined ? context.dispatcher?.() : undefined;
  const dispatcher = shared ?? outboundAgent({ ...outbound, tls, plaintext: 'loopback', connectTimeout: timeout });
  return new RemoteKeySource({
    url,
    dispatcher,
    timeout,
    maxRetries,
    clock: systemClock,
    log: context.log,
    onFetch: (result) => context.install.witness?.jwksFetched(context.name, result),
    onDispose() {
      if (shared === undefined) void dispatcher.destroy();
    },
  });
}
