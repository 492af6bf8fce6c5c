import { addPrefix } from './add-prefix/add-prefix.ts';
import { apiKey } from './api-key/api-key.ts';
import { basicAuth } from './basic-auth/basic-auth.ts';
import { buffering } from './buffering/buffering.ts';
import { chain } from './chain/chain.ts';
import { circuitBreaker } from './circuit-breaker/circuit-breaker.ts';
import { compress } from './compress/compress.ts';
import type { MiddlewareDefinition } from './definition.ts';
import { errors } from './errors/errors.ts';
import { forwardAuth } from './forward-auth/forward-auth.ts';
import { headers } from './headers/headers.ts';
import { inFlightReq } from './in-flight-req/in-flight-req.ts';
import { ipAllowList } from './ip-allow-list/ip-allow-list.ts';
import { jwt } from './jwt/jwt.ts';
import { mcp } from './mcp/mcp.ts';
import { rateLimit } from './rate-limit/rate-limit.ts';
import { redirectRegex } from './redirect-regex/redirect-regex.ts';
import { redirectScheme } from './redirect-scheme/redirect-scheme.ts';
import { replacePath } from './replace-path/replace-path.ts';
import { replacePathRegex } from './replace-path-regex/replace-path-regex.ts';
import { retry } from './retry/retry.ts';
import { stripPrefix } from './strip-prefix/strip-prefix.ts';
import { stripPrefixRegex } from './strip-prefix-regex/strip-prefix-regex.ts';

/** Every middleware there is, one line each. Schemas, reference pages and CRDs list them in this order. */
export const middlewareDefinitions: readonly MiddlewareDefinition<unknown>[] = [
  addPrefix,
  apiKey,
  basicAuth,
  buffering,
  chain,
  circuitBreaker,
  compress,
  errors,
  forwardAuth,
  headers,
  inFlightReq,
  ipAllowList,
  jwt,
  mcp,
  rateLimit,
  redirectRegex,
  redirectScheme,
  replacePath,
  replacePathRegex,
  retry,
  stripPrefix,
  stripPrefixRegex,
];

/** Middleware types of Traefik that are not offered, with what to do instead. */
export const foreignMiddlewareTypes: ReadonlyMap<string, string> = new Map([
  ['contentType', 'leave it out: content types pass as the server sends them'],
  ['digestAuth', 'use basicAuth over TLS, or plugin.jwt'],
  ['encodedCharacters', 'set encodedCharacters at the entrypoint'],
  ['grpcWeb', 'put a gRPC proxy in front of that service'],
  ['ipWhiteList', 'rename it to ipAllowList; the options are the same'],
  ['passTLSClientCert', 'use plugin.jwt or forwardAuth to tell the service who is calling'],
]);
