import { Buffer } from 'node:buffer';
import * as z from 'zod';
import { ChecksBusy, CredentialCheck } from '../../auth/credential-check.ts';
import { htpasswdLines, type PasswordEntry, parsePasswordEntry } from '../../auth/password-hash.ts';
import { apiKeyPrincipal, Principal } from '../../auth/principal.ts';
import { Refusal } from '../../http/refusal.ts';
import type { Exchange, MiddlewareDefinition } from '../definition.ts';
import { OptionProblems } from '../option-problems.ts';
import { type ApiKeySource, cookieSource, headerSource, querySource } from './key-source.ts';

const options = z
  .strictObject({
    keySource: z
      .strictObject({
        header: z.string().optional().describe('Header that carries the key.'),
        headerAuthScheme: z.string().optional().describe('Scheme before the key in that header, for instance Bearer.'),
        query: z.string().optional().describe('Query parameter that carries the key. Keys in URLs end up in logs.'),
        cookie: z.string().optional().describe('Cookie that carries the key.'),
      })
      .describe('Where clients put the key: a header, a query parameter or a cookie.'),
    secretNonBase64Encoded: z
      .boolean()
      .optional()
      .describe('Whether clients send the key as it is. When absent or false they send it in base64.'),
    secretValues: z
      .array(z.string())
      .min(1)
      .describe(
        'Hashes of the keys as htpasswd writes them, each alone or behind a name: name:hash. The name becomes the caller’s subject.',
      ),
  })
  .describe('Asks for an API key.');

export type ApiKeyOptions = z.output<typeof options>;

/** Longer ones are mistakes. */
const maxKeyLength = 4_096;

/** `plugin.apiKey`, as Traefik Hub has it; the key never goes on to the upstream. */
export const apiKey: MiddlewareDefinition<ApiKeyOptions> = {
  type: 'plugin.apiKey',
  summary: 'Asks for an API key.',
  options,
  authenticates: true,
  create(given, context) {
    const problems = new OptionProblems(context);
    const source = compileSource(given.keySource, problems);
    const entries = readEntries(given.secretValues, problems);
    problems.throwIfAny();

    const holders = entries.map(({ user, hash }) => ({
      hash,
      principal: apiKeyPrincipal(context.name, user, hash.text),
    }));
    const checks = new CredentialCheck<Principal>();
    const verify = async (key: string): Promise<Principal | undefined> => {
      for (const { hash, principal } of holders) if (await hash.matches(key)) return principal;
      return undefined;
    };
    const scheme = given.keySource.headerAuthScheme;
    const challenge = `${scheme === undefined || scheme === '' ? 'ApiKey' : scheme} realm="portcullis"`;
    const refuse = (exchange: Exchange, code: string): Refusal => {
      exchange.facts.errorType ??= code;
      context.log.debug('request refused by the apiKey middleware', { reason: code, exchange: exchange.id });
      return new Refusal(401, code, { headers: [['WWW-Authenticate', challenge]] });
    };

    return (next) => async (exchange) => {
      const sent = source.take(exchange);
      if (sent === undefined || sent === '' || sent.length > maxKeyLength) throw refuse(exchange, 'api_key_missing');
      const key = given.secretNonBase64Encoded === true ? sent : decodeKey(sent);
      if (key === undefined) throw refuse(exchange, 'api_key_malformed');
      let principal: Principal | undefined;
      try {
        principal = await checks.check([key], () => verify(key));
      } catch (error) {
        if (!(error instanceof ChecksBusy)) throw error;
        throw new Refusal(503, 'credential_checks_busy', { headers: [['Retry-After', '1']] });
      }
      if (principal === undefined) throw refuse(exchange, 'api_key_rejected');
      // A credential checked before, such as a token, says more about the caller than this one.
      if (!Principal.is(exchange.identity) || exchange.identity.kind === 'anonymous') {
        exchange.identity = principal;
        exchange.facts.username = principal.subject;
      }
      return next(exchange);
    };
  },
};

/** Base64 or base64url, padded or not. */
function decodeKey(sent: string): string | undefined {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(sent)) return undefined;
  const bytes = Buffer.from(sent, 'base64');
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined;
}

function compileSource(given: ApiKeyOptions['keySource'], problems: OptionProblems): ApiKeySource {
  const { header = '', headerAuthScheme = '', query = '', cookie = '' } = given;
  const named = [header, query, cookie].filter((name) => name !== '').length;
  if (named !== 1) {
    problems.add(
      ['keySource'],
      named === 0 ? 'no place to look for the key' : 'more than one place to look for the key',
      'set exactly one of header, query and cookie',
    );
  }
  if (headerAuthScheme !== '' && header === '')
    problems.add(['keySource', 'headerAuthScheme'], 'a scheme belongs to a header', 'set header too');
  if (headerAuthScheme !== '' && !/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(headerAuthScheme)) {
    problems.add(['keySource', 'headerAuthScheme'], 'not a scheme', 'write for instance Bearer');
  }
  if (header !== '' && !/^[A-Za-z0-9-]+$/.test(header))
    problems.add(['keySource', 'header'], 'not a header name', 'letters, digits and hyphens');
  if (cookie !== '' && !/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(cookie))
    problems.add(['keySource', 'cookie'], 'not a cookie name');
  if (query !== '')
    problems.warn(['keySource', 'query'], 'keys in URLs end up in logs, histories and Referer headers', 'use a header');
  if (query !== '') return querySource(query);
  if (cookie !== '') return cookieSource(cookie);
  return headerSource(header, headerAuthScheme === '' ? undefined : headerAuthScheme);
}

function readEntries(values: readonly string[], problems: OptionProblems): readonly PasswordEntry[] {
  const entries: PasswordEntry[] = [];
  for (const [index, value] of values.entries()) {
    const path = ['secretValues', index];
    const lines = htpasswdLines([value]);
    if (lines.length === 0) problems.add(path, 'no hash in it', 'make one with: htpasswd -nB NAME');
    for (const line of lines) {
      const entry = problems.attempt(
        path,
        () => parsePasswordEntry(line),
        'write name:hash; make one with: htpasswd -nB NAME',
      );
      if (entry !== undefined) entries.push(entry);
    }
  }
  // Quick hashes first: most keys are then found, or not, without the slow ones.
  return entries.sort((a, b) => Number(a.hash.kind === 'bcrypt') - Number(b.hash.kind === 'bcrypt'));
}
