import type { Buffer } from 'node:buffer';
import { performance } from 'node:perf_hooks';
import type { Exchange, Handler, Reply } from '../../http/exchange.ts';
import { headerName } from '../../http/header-name.ts';
import { HeaderFields } from '../../http/headers.ts';
import { type Message, readMessage } from '../../mcp/envelope.ts';
import { isModernVersion } from '../../mcp/era.ts';
import { EventStream } from '../../mcp/event-stream.ts';
import { checkHeaders, checkParameterHeaders } from '../../mcp/header-check.ts';
import { checkOrigin } from '../../mcp/origin.ts';
import { refuse } from '../../mcp/replies.ts';
import { SessionSeal } from '../../mcp/session-seal.ts';
import type { PolicyRequest, PolicySet } from '../../policy/index.ts';
import type { MiddlewareContext } from '../definition.ts';
import { type Account, compileAccount } from './account.ts';
import { AnswerFilters } from './answer-filters.ts';
import { captureArguments, resultCapture } from './capture.ts';
import { type DenialRules, denial, logDecision } from './deny.ts';
import { withRpcBody } from './faults.ts';
import { joinTrace } from './join-trace.ts';
import { factsOf, handshakeVersion, type Matter } from './matter.ts';
import { isOffered, learnUnfiltered, Memory } from './memory.ts';
import type { OpenStream, StreamChanges } from './open-streams.ts';
import type { McpOptions } from './options.ts';
import { pointToOwnMetadata } from './own-challenge.ts';
import { lastingQuestion, questionOf } from './question.ts';
import { readBody } from './read-body.ts';
import { relay } from './relay.ts';
import { closeSession, openSession, restoreSession } from './sessions.ts';
import type { Shadow } from './shadow.ts';

const acceptEncoding = headerName('Accept-Encoding');
const allowedMethods = 'GET, POST, DELETE, OPTIONS';

/** The middleware at work: compiled once, used for every exchange of its routes. */
export class McpGuard {
  readonly #options: McpOptions;
  readonly #context: MiddlewareContext;
  readonly #policies: PolicySet;
  readonly #shadow: Shadow | undefined;
  readonly #account: Account | undefined;
  readonly #denials: DenialRules;
  readonly #maxBody: number;
  readonly #seal: SessionSeal;
  readonly #memory: Memory;
  readonly #filters: AnswerFilters;

  constructor(
    options: McpOptions,
    context: MiddlewareContext,
    policies: PolicySet,
    shadow: Shadow | undefined,
    metadataUrl: string | undefined,
  ) {
    this.#options = options;
    this.#context = context;
    this.#policies = policies;
    this.#shadow = shadow;
    this.#account = compileAccount(
      context.install.witness?.audit,
      shadow === undefined ? [policies] : [policies, shadow.policies],
    );
    this.#denials = { options, metadataUrl };
    this.#maxBody = options.maxRequestBodySize ?? context.install.maxRequestBodySize;
    this.#memory = context.share('memory', () => new Memory());
    const sessionKey = options.sessionKey ?? context.install.sessionKey;
    this.#seal = sessionKey === undefined ? this.#memory.seal : SessionSeal.fromSecret(sessionKey);
    this.#filters = new AnswerFilters(options, policies);
    context.onServing(() => this.#serve());
    context.onRetired(() => this.#retire());
  }

  handle(exchange: Exchange, next: Handler): Promise<Reply> {
    try {
      return this.#handle(exchange, next);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #handle(exchange: Exchange, next: Handler): Promise<Reply> {
    checkOrigin(exchange);
    switch (exchange.method) {
      case 'POST':
        return readBody(exchange, this.#maxBody, (bytes) => this.#pass(exchange, readMatter(exchange, bytes), next));
      case 'GET':
        return this.#pass(exchange, this.#withoutMessage(exchange, 'stream'), next);
      case 'DELETE':
        return this.#pass(exchange, this.#withoutMessage(exchange, 'end-session'), next);
      case 'OPTIONS':
        // Only CORS asks, and that was the business of a middleware before this one.
        return Promise.resolve({ status: 204, headers: HeaderFields.fromRaw(['Allow', allowedMethods]), body: null });
      default:
        throw refuse({
          status: 405,
          code: 405,
          message: 'method not allowed',
          errorType: 'method_not_allowed',
          headers: [['Allow', allowedMethods]],
        });
    }
  }

  #withoutMessage(exchange: Exchange, kind: 'stream' | 'end-session'): Matter {
    if (!exchange.body.empty) {
      throw refuse({
        status: 400,
        code: 400,
        message: `${exchange.method} takes no body`,
        errorType: 'unexpected_body',
      });
    }
    const version = exchange.headers.get('mcp-protocol-version');
    return { message: undefined, kind, era: isModernVersion(version) ? 'modern' : 'legacy', version };
  }

  async #pass(exchange: Exchange, matter: Matter, next: Handler): Promise<Reply> {
    const { message, era } = matter;
    const route = exchange.facts.router ?? this.#context.name;
    const known = this.#memory.of(route);
    const book = known.tools;
    const facts = factsOf(matter);
    facts.offered = isOffered(known, facts);
    exchange.facts.mcp = facts;
    const { redactArguments } = this.#context.install;
    const tool = redactArguments === undefined || facts.name === undefined ? undefined : book.get(facts.name);
    if (redactArguments !== undefined && message !== undefined)
      captureArguments(exchange, message, tool, redactArguments);
    if (era === 'modern' && message?.kind === 'request' && message.method === 'tools/call') {
      const name = message.params?.get('name');
      const repeated = typeof name === 'string' ? book.get(name)?.headerArguments : undefined;
      if (repeated !== undefined) checkParameterHeaders(exchange.headers, message, repeated);
    }
    const question = questionOf(exchange, {
      kind: matter.kind,
      message: message?.root,
      protocolVersion: matter.version,
      route,
      toolAnnotations: (name) => book.get(name)?.annotations,
    });
    const written = this.#decide(exchange, question, message);
    if (written !== undefined) await this.#waitForAccount(written, message);

    const waits =
      matter.kind === 'stream' || (message?.kind === 'request' && message.method === 'subscriptions/listen');
    const lasting = waits ? lastingQuestion(question, exchange) : undefined;
    const ticket = openSession(this.#seal, exchange, route, message, era);
    facts.sessionId = ticket.sealed;
    // What cannot be read cannot be filtered; and streams are never compressed (data-plane §6).
    exchange.headers.set(acceptEncoding, 'identity');
    // A cut stream cancels a modern call (transports, "Disconnection"); a legacy call goes on until it ends.
    exchange.abortOnClose = era === 'modern' || message === undefined;
    const id = message?.kind === 'request' ? message.id : undefined;
    let reply: Reply;
    try {
      reply = await next(exchange);
    } catch (error) {
      restoreSession(exchange, ticket);
      throw withRpcBody(error, id);
    }
    facts.sessionId = closeSession(this.#seal, reply, ticket);
    pointToOwnMetadata(reply, this.#denials.metadataUrl);
    const isList = message?.kind === 'request' && message.facts.list !== undefined;
    const asked = { message, question, known, facts };
    const filter = this.#filters.of(asked);
    const answer = relay(reply, exchange, {
      id,
      facts,
      filter: filter ?? this.#filters.ofStream(asked),
      whole: isList || filter !== undefined,
      learn: isList && !this.#filters.lists ? (answer) => learnUnfiltered(known, answer) : undefined,
      result: redactArguments === undefined ? undefined : resultCapture(exchange, message, tool, redactArguments),
      maxListSize: this.#options.maxListSize,
      unfilterable: (reason) =>
        this.#context.log.warn('An answer of the upstream was refused: it cannot be filtered', {
          reason,
          router: route,
        }),
    });
    const relayed = answer instanceof Promise ? await answer : answer;
    if (lasting !== undefined && relayed.body instanceof EventStream) {
      this.#watch({
        stream: relayed.body,
        question: lasting,
        listen: message,
        session: facts.sessionId,
        items: known.items,
      });
    }
    return relayed;
  }

  #watch(open: OpenStream): void {
    const { streams, serving } = this.#memory;
    streams.add(open, this.#policies);
    // The configuration may have changed while the upstream was asked.
    if (serving !== undefined && serving !== this) serving.judgeStreams();
  }

  #serve(): void {
    this.#memory.serving = this;
    this.judgeStreams();
  }

  /** Open streams go on under a newer configuration, except where a caller lost the right to them. */
  judgeStreams(): void {
    this.#report(this.#memory.streams.judge(this.#policies));
  }

  /** No newer guard took over: the middleware is gone, and with it the right that it gave. */
  #retire(): void {
    if (this.#memory.serving === this) this.#report(this.#memory.streams.endAll());
  }

  #report({ ended, told }: StreamChanges): void {
    if (ended > 0)
      this.#context.log.info('Open streams were ended: their callers lost the right to them', { streams: ended });
    if (told > 0) this.#context.log.debug('Callers were told that their lists changed', { notifications: told });
  }

  /**
   * @returns what must be written before the upstream is called
   * @throws {Refusal} when the policies deny
   */
  #decide(exchange: Exchange, question: PolicyRequest, message: Message | undefined): Promise<void> | undefined {
    exchange.facts.decisionStart = performance.now();
    const decision = this.#policies.decide(question);
    exchange.facts.decisionEnd = performance.now();
    exchange.decision = decision;
    exchange.facts.decision = decision;
    logDecision(this.#context.log, decision, exchange.facts.trace);
    this.#shadow?.compare(question, decision);
    const written = this.#account?.(exchange, question, decision);
    if (decision.allowed) return written;
    // A refusal stands, whether it could be written down or not.
    written?.catch(() => undefined);
    const refusal = denial(decision, exchange, message, this.#policies.concealed(question), this.#denials);
    exchange.facts.errorType ??= refusal.errorType;
    throw refusal;
  }

  /** With `audit.strict` nothing happens that is not on record (data-plane §1.2). */
  async #waitForAccount(written: Promise<void>, message: Message | undefined): Promise<void> {
    try {
      await written;
    } catch (cause) {
      throw refuse({
        status: 503,
        code: 503,
        message: 'the service is not available',
        errorType: 'audit_unavailable',
        id: message?.kind === 'request' ? message.id : undefined,
        notification: message?.kind === 'notification',
        headers: [['Retry-After', '1']],
        cause,
      });
    }
  }
}

function readMatter(exchange: Exchange, bytes: Buffer): Matter {
  const message = joinTrace(exchange, readMessage(bytes));
  const { era, version } = checkHeaders(exchange.headers, message);
  return { message, kind: message.kind, era, version: version ?? handshakeVersion(message) };
}
