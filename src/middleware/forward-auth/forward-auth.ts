import type { Buffer } from 'node:buffer';
import type { Dispatcher } from 'undici';
import { identityHeaderProblem, ManagedHeaders } from '../../auth/identity-headers.ts';
import { outboundAgent, ResponseTooLarge, requestSmall, type SmallResponse } from '../../auth/outbound.ts';
import { forwardedPrincipal, Principal } from '../../auth/principal.ts';
import type { Exchange, Reply } from '../../http/exchange.ts';
import type { HeaderFields } from '../../http/headers.ts';
import { Refusal, textReply } from '../../http/refusal.ts';
import type { MiddlewareContext, MiddlewareDefinition } from '../definition.ts';
import { OptionProblems } from '../option-problems.ts';
import { compileRegex } from '../regex.ts';
import { authRequestHeaders, isRelayed } from './auth-request.ts';
import { type ForwardAuthOptions, forwardAuthOptions } from './options.ts';

/** Traefik's limit for the whole question. */
const timeout = 30_000;
const defaultResponseLimit = 1 << 20;

/**
 * `forwardAuth`, as Traefik has it: a server of the operator's decides. Its 2xx lets the request pass, any other answer goes
 * to the client; without an answer nobody passes.
 */
export const forwardAuth: MiddlewareDefinition<ForwardAuthOptions> = {
  type: 'forwardAuth',
  summary: 'Asks an external server whether a request may pass.',
  options: forwardAuthOptions,
  authenticates: true,
  create(options, context) {
    const url = new URL(options.address);
    const copied = compileCopiedHeaders(options, context);
    const cookies = new Set(options.addAuthCookiesToResponse ?? []);
    const userHeader =
      options.headerField === undefined || options.headerField === '' ? undefined : options.headerField.toLowerCase();
    const named = new Set((options.authRequestHeaders ?? []).map((name) => name.toLowerCase()));
    const rules = {
      only: named.size === 0 ? undefined : named,
      trustForwardHeader: options.trustForwardHeader ?? false,
      withBody: options.forwardBody ?? false,
    };
    const dispatcher = openDispatcher(options, context);

    const ask = async (exchange: Exchange): Promise<SmallResponse> => {
      const gone = new AbortController();
      const forget = exchange.onClosed(() => gone.abort());
      try {
        return await requestSmall(url, {
          dispatcher,
          timeout,
          limit: limitOr(options.maxResponseBodySize, defaultResponseLimit),
          method: options.preserveRequestMethod === true ? (exchange.method as Dispatcher.HttpMethod) : 'GET',
          headers: authRequestHeaders(exchange, rules).toRaw(),
          body: rules.withBody
            ? await readBody(exchange, limitOr(options.maxBodySize, context.install.maxRequestBodySize))
            : undefined,
          signal: gone.signal,
        });
      } catch (error) {
        if (error instanceof Refusal) throw error;
        const code = error instanceof ResponseTooLarge ? 'forward_auth_too_large' : 'forward_auth_unavailable';
        exchange.facts.errorType ??= code;
        context.log.warn('the authentication server gave no usable answer', { reason: code, error: reasonOf(error) });
        throw new Refusal(error instanceof ResponseTooLarge ? 401 : 500, code);
      } finally {
        forget();
      }
    };

    return (next) => async (exchange) => {
      const answer = await ask(exchange);
      if (answer.status < 200 || answer.status > 299) {
        exchange.facts.errorType ??= 'forward_auth_refused';
        context.log.debug('request refused by the authentication server', {
          status: answer.status,
          exchange: exchange.id,
        });
        return relay(answer, url, options);
      }
      const presented = JSON.stringify(
        ['authorization', 'cookie', ...named].map((name) => exchange.headers.getAll(name)),
      );
      copied.apply(exchange.headers, answer);
      const user = userHeader === undefined ? undefined : answer.header(userHeader);
      // A credential checked before, such as a token, says more about the caller than this one.
      if (!Principal.is(exchange.identity) || exchange.identity.kind === 'anonymous') {
        exchange.identity = forwardedPrincipal(url.origin, user === '' ? undefined : user, presented);
        exchange.facts.username = exchange.identity.subject;
      }
      const reply = await next(exchange);
      if (cookies.size > 0) addCookies(reply, answer, cookies);
      return reply;
    };
  },
};

interface CopiedHeaders {
  /** Replaces request headers by those of the answer; what the client sent under these names goes in any case. */
  apply(headers: HeaderFields, answer: SmallResponse): void;
}

function compileCopiedHeaders(options: ForwardAuthOptions, context: MiddlewareContext): CopiedHeaders {
  const problems = new OptionProblems(context);
  const names = options.authResponseHeaders ?? [];
  for (const [index, name] of names.entries()) {
    const problem = identityHeaderProblem(name);
    if (problem !== undefined)
      problems.add(['authResponseHeaders', index], `${name} cannot be copied: ${problem}`, 'remove it');
  }
  if (options.tls?.insecureSkipVerify === true) {
    problems.warn(['tls', 'insecureSkipVerify'], 'anybody on the way can let everybody in', 'set tls.ca');
  }
  problems.throwIfAny();
  const managed = new ManagedHeaders(names);
  const text = options.authResponseHeadersRegex ?? '';
  const regex = text === '' ? undefined : compileRegex(text, context, ['authResponseHeadersRegex']);
  const matched = (lowerName: string): boolean =>
    regex !== undefined &&
    identityHeaderProblem(lowerName) === undefined &&
    regex.matcher(canonicalName(lowerName)).find();
  return {
    apply(headers, answer) {
      managed.drop(headers);
      if (regex !== undefined) headers.deleteWhere(matched);
      const spelled = new Map(names.map((name) => [name.toLowerCase(), name]));
      for (const lower of answer.names) {
        const name = spelled.get(lower) ?? (matched(lower) ? canonicalName(lower) : undefined);
        if (name !== undefined) for (const value of answer.all(lower)) headers.append(name, value);
      }
    },
  };
}

/** `x-auth-user` as `X-Auth-User`: Traefik matches its regular expression against that spelling. */
function canonicalName(lowerName: string): string {
  return lowerName.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}

function openDispatcher(options: ForwardAuthOptions, context: MiddlewareContext): Dispatcher {
  if (context.dispatcher !== undefined && options.tls === undefined) return context.dispatcher();
  const agent = outboundAgent({
    ...context.install.outbound,
    tls: options.tls,
    plaintext: 'anywhere',
    connectTimeout: timeout,
  });
  context.onDispose(() => {
    void agent.close();
  });
  return agent;
}

async function readBody(exchange: Exchange, limit: number): Promise<Buffer> {
  try {
    return await exchange.body.read(limit);
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 413) throw error;
    exchange.facts.errorType ??= 'forward_auth_body_too_large';
    throw new Refusal(401, 'forward_auth_body_too_large');
  }
}

/** The server's own answer, for the client. */
function relay(answer: SmallResponse, url: URL, options: ForwardAuthOptions): Reply {
  if (answer.status === 401 && options.authSigninURL !== undefined) {
    return textReply(302, '', undefined, [['Location', options.authSigninURL]]);
  }
  const reply = textReply(answer.status, '');
  if (answer.body.length > 0) {
    reply.body = answer.body;
    reply.headers.set('Content-Length', String(answer.body.length));
  }
  for (const name of answer.names) {
    if (!isRelayed(name)) continue;
    for (const value of answer.all(name)) {
      const absolute =
        name === 'location' && options.preserveLocationHeader !== true ? URL.parse(value, url)?.href : undefined;
      reply.headers.append(canonicalName(name), absolute ?? value);
    }
  }
  return reply;
}

/** The server's cookies of these names replace the upstream's. */
function addCookies(reply: Reply, answer: SmallResponse, names: ReadonlySet<string>): void {
  const nameOf = (cookie: string) => cookie.slice(0, cookie.indexOf('=')).trim();
  const ours = answer.all('set-cookie').filter((cookie) => names.has(nameOf(cookie)));
  const replaced = new Set(ours.map(nameOf));
  reply.headers.deleteWhere((name, value) => name === 'set-cookie' && replaced.has(nameOf(value)));
  for (const cookie of ours) reply.headers.append('Set-Cookie', cookie);
}

function limitOr(configured: number | undefined, standard: number): number {
  return configured === undefined || configured < 0 ? standard : configured;
}

function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return inner instanceof Error ? inner.message : String(inner);
}
