import { addPrefix } from './add-prefix/add-prefix.ts';
import { apiKey } from './api-key/api-key.ts';
import { basicAuth } from './basic-auth/basic-auth.ts';
import { chain } from './chain/chain.ts';
import type { MiddlewareDefinition } from './definition.ts';
import { forwardAuth } from './forward-auth/forward-auth.ts';
import { headers } from './headers/headers.ts';
import { jwt } from './jwt/jwt.ts';
import { replacePath } from './replace-path/replace-path.ts';
import { replacePathRegex } from './replace-path-regex/replace-path-regex.ts';
import { stripPrefix } from './strip-prefix/strip-prefix.ts';
import { stripPrefixRegex } from './strip-prefix-regex/strip-prefix-regex.ts';

/** Every middleware there is, one line each. Schemas, reference pages and CRDs list them in this order. */
export const middlewareDefinitions: readonly MiddlewareDefinition<unknown>[] = [
  addPrefix,
  apiKey,
  basicAuth,
  chain,
  forwardAuth,
  headers,
  jwt,
  replacePath,
  replacePathRegex,
  stripPrefix,
  stripPrefixRegex,
];
