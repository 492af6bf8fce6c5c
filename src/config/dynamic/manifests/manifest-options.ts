import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Diagnostic } from '../../../errors.ts';
import { decode } from '../../decode.ts';
import { isPlainObject } from '../../source/plain-value.ts';
import { namespaceReference, reference } from '../schema/manifest.ts';
import { serviceReference } from '../schema/service-reference.ts';
import { secretData, secretText } from './object-data.ts';
import type { RewrittenOptions } from './resolve-options.ts';
import { nameMiddleware } from './translate-ingress-route.ts';
import { nameService } from './translate-service.ts';
import { type Referrer, refer, type Translation } from './translation.ts';

type Options = Readonly<Record<string, unknown>>;
type Rewrite = (translation: Translation, options: Options, referrer: Referrer) => RewrittenOptions;

/** Middleware types whose options refer to other objects, which manifests and files write differently. */
const rewrites: Readonly<Record<string, Rewrite>> = {
  basicAuth: htpasswdUsers,
  digestAuth: htpasswdUsers,
  chain: chainedMiddlewares,
  errors: errorService,
  forwardAuth: (translation, options, referrer) => tlsSecrets(translation, options, referrer, ['tls']),
  rateLimit: (translation, options, referrer) => redisSecrets(translation, options, referrer),
};

/** Replaces what manifests refer to by what the middleware understands: users for a Secret, names for objects, PEM for Secrets. */
export function manifestOptions(
  translation: Translation,
  type: string,
  options: unknown,
  referrer: Referrer,
): RewrittenOptions {
  const rewrite = Object.hasOwn(rewrites, type) ? rewrites[type] : undefined;
  if (rewrite === undefined || !isPlainObject(options)) return unchanged(options);
  return rewrite(translation, options, referrer);
}

const unchanged = (options: unknown, problems: readonly Diagnostic[] = []): RewrittenOptions => ({
  options,
  secretPaths: [],
  problems,
});

/** `secret: name` → `users: [...]`: a Secret of type `kubernetes.io/basic-auth`, or one with htpasswd lines. */
function htpasswdUsers(translation: Translation, options: Options, referrer: Referrer): RewrittenOptions {
  const { secret, ...others } = options;
  if (secret === undefined) return unchanged(options);
  if (typeof secret !== 'string') {
    return unchanged(others, [
      { ...refer(referrer, ['secret'], '`secret` must be the name of a Secret'), code: 'CONFIG_INVALID_VALUE' },
    ]);
  }
  const found = secretData(translation, referrer, secret, ['secret']);
  if ('problems' in found) return unchanged(others, found.problems);
  const { data, type } = found;
  const user = data.get('username');
  const password = data.get('password');
  if (type === 'kubernetes.io/basic-auth' || (user !== undefined && password !== undefined)) {
    if (user === undefined || password === undefined)
      return unchanged(others, [incomplete(referrer, secret, 'the keys `username` and `password`')]);
    const digest = createHash('sha1').update(password).digest('base64');
    return {
      options: { ...others, users: [`${user.toString()}:{SHA}${digest}`] },
      secretPaths: [['users']],
      problems: [],
    };
  }
  const lines = data.get('users') ?? (data.size === 1 ? [...data.values()][0] : undefined);
  if (lines === undefined)
    return unchanged(others, [incomplete(referrer, secret, 'a key `users` with htpasswd lines')]);
  const users = lines
    .toString()
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  return { options: { ...others, users }, secretPaths: [['users']], problems: [] };
}

function incomplete(referrer: Referrer, name: string, keys: string): Diagnostic {
  return {
    ...refer(referrer, ['secret'], `Secret ${referrer.namespace}/${name} needs ${keys}`),
    code: 'CONFIG_SECRET',
  };
}

const chained = z.array(z.strictObject({ name: reference, namespace: namespaceReference }));

function chainedMiddlewares(translation: Translation, options: Options, referrer: Referrer): RewrittenOptions {
  const path = [...referrer.path, 'middlewares'];
  if (options['middlewares'] === undefined) return unchanged(options);
  const decoded = decode(chained, options['middlewares'], referrer.origin, path);
  if (!decoded.ok) return unchanged({ ...options, middlewares: [] }, decoded.problems);
  const named = decoded.value.map((entry, index) =>
    nameMiddleware(translation, entry, { ...referrer, path: [...path, index] }),
  );
  return unchanged(
    { ...options, middlewares: named.map(({ name }) => name) },
    named.flatMap(({ problems }) => problems),
  );
}

function errorService(translation: Translation, options: Options, referrer: Referrer): RewrittenOptions {
  if (options['service'] === undefined) return unchanged(options);
  const path = [...referrer.path, 'service'];
  const decoded = decode(serviceReference, options['service'], referrer.origin, path);
  if (!decoded.ok) return unchanged(options, decoded.problems);
  const named = nameService(translation, decoded.value, { ...referrer, path });
  return unchanged({ ...options, service: named.name }, named.problems);
}

/** `caSecret` and `certSecret` below `at` → `ca`, `cert` and `key`. */
function tlsSecrets(
  translation: Translation,
  options: Options,
  referrer: Referrer,
  at: readonly string[],
): RewrittenOptions {
  const [step, ...rest] = at;
  if (step !== undefined) {
    const inner = options[step];
    if (!isPlainObject(inner)) return unchanged(options);
    const done = tlsSecrets(translation, inner, { ...referrer, path: [...referrer.path, step] }, rest);
    return {
      ...done,
      options: { ...options, [step]: done.options },
      secretPaths: done.secretPaths.map((path) => [step, ...path]),
    };
  }
  const { caSecret, certSecret, ...others } = options;
  const problems: Diagnostic[] = [];
  const text = (name: unknown, field: string, keys: readonly string[]): string | undefined => {
    if (typeof name !== 'string') return undefined;
    const found = secretText(translation, referrer, { name, keys, field: [field] });
    if ('value' in found) return found.value;
    problems.push(...found.problems);
    return undefined;
  };
  const ca = text(caSecret, 'caSecret', ['tls.ca', 'ca.crt']);
  const cert = text(certSecret, 'certSecret', ['tls.crt']);
  const key = text(certSecret, 'certSecret', ['tls.key']);
  const pem = Object.fromEntries(Object.entries({ ca, cert, key }).filter(([, value]) => value !== undefined));
  return { options: { ...others, ...pem }, secretPaths: key === undefined ? [] : [['key']], problems };
}

/** `redis.secret` → `redis.username` and `redis.password`, and its TLS. */
function redisSecrets(translation: Translation, options: Options, referrer: Referrer): RewrittenOptions {
  const withTls = tlsSecrets(translation, options, referrer, ['redis', 'tls']);
  const redis = isPlainObject(withTls.options) ? withTls.options['redis'] : undefined;
  if (!isPlainObject(redis) || typeof redis['secret'] !== 'string') return withTls;
  const { secret, ...others } = redis;
  const found = secretData(translation, { ...referrer, path: [...referrer.path, 'redis'] }, redis['secret'], [
    'secret',
  ]);
  if ('problems' in found) return { ...withTls, problems: [...withTls.problems, ...found.problems] };
  const credentials = Object.fromEntries(
    ['username', 'password'].flatMap((key) => (found.data.has(key) ? [[key, found.data.get(key)?.toString()]] : [])),
  );
  return {
    options: { ...options, ...(withTls.options as Options), redis: { ...others, ...credentials } },
    secretPaths: [...withTls.secretPaths, ['redis', 'password']],
    problems: withTls.problems,
  };
}
