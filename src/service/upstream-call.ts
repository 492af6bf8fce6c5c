import { Buffer } from 'node:buffer';
import { performance } from 'node:perf_hooks';
import type { BodyFlow, BodySink, BodySource } from '../http/body.ts';
import type { Exchange, Reply } from '../http/exchange.ts';
import type { AnswerHead } from './answer-head.ts';
import type { AnswerTaker, Connection } from './connection.ts';
import type { ServiceLimits } from './context.ts';
import { DialError } from './dial.ts';
import type { UpstreamRequest } from './request-head.ts';
import type { Server } from './server.ts';
import { BadAnswer, clientGone, refuseFor } from './upstream-error.ts';
import { upstreamRequest } from './upstream-request.ts';

/** What a call asks of the balancer that started it. */
export interface CallOwner {
  readonly limits: ServiceLimits;
  readonly passHostHeader: boolean;
  /** A server that has not been tried, after one could not be reached; undefined when that was all. */
  another(exchange: Exchange, tried: readonly Server[]): Server | undefined;
  /** The last word on a reply before it goes back: cookies and the like. */
  dress(reply: Reply, exchange: Exchange, server: Server): void;
  /** A call to a server failed: for the operator's log. */
  noteFailure(server: Server, error: Error): void;
}

/** Answers up to this size are waited for, one turn of the event loop, to go back in one piece. */
const smallBody = 64 * 1024;
/** Bytes held for a consumer that has not started reading. */
const heldBytes = 64 * 1024;

function nothing(): void {}

type Phase =
  /** No head yet. */
  | 'asking'
  /** The head is here, and perhaps more, but the bytes at hand are still being parsed. */
  | 'head'
  /** The reply has been handed over; its body has not been started. */
  | 'handed'
  | 'flowing'
  /** The client has gone, the call goes on: the rest is read and thrown away. */
  | 'draining'
  | 'over';

/**
 * One request on its way to a server and the answer on its way back. It takes the answer and is the reply's body and the
 * control of that body in one object: nothing is queued in between, pausing reaches the socket.
 *
 * A request is sent once. Another server is tried only when the connection could not be made (data-plane §6).
 */
export class UpstreamCall implements AnswerTaker, BodySource, BodyFlow {
  readonly #owner: CallOwner;
  readonly #exchange: Exchange;
  #resolve: (reply: Reply) => void;
  #reject: (error: Error) => void;
  #server: Server;
  #tried: Server[] | undefined;
  #connection: Connection | undefined;
  #phase: Phase = 'asking';
  #started = false;
  #sentAt = 0;
  #informational = 0;
  #reply: Reply | undefined;
  /** The body's length when it is small and known: then it is worth waiting for. */
  #waitsForBody = false;
  #held: Buffer[] | undefined;
  #heldSize = 0;
  #ended = false;
  #error: Error | undefined;
  #sink: BodySink | undefined;
  #drained = 0;
  #forget: (() => void) | undefined;
  #orphan: NodeJS.Timeout | undefined;

  constructor(
    owner: CallOwner,
    exchange: Exchange,
    server: Server,
    resolve: (reply: Reply) => void,
    reject: (error: Error) => void,
  ) {
    this.#owner = owner;
    this.#exchange = exchange;
    this.#server = server;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#forget = exchange.onClosed(() => this.#clientGone());
    this.#send();
  }

  // --- towards the server

  #send(): void {
    if (this.#phase === 'over') return;
    const server = this.#server;
    const exchange = this.#exchange;
    server.inFlight += 1;
    exchange.facts.serverUrl = server.name;
    this.#started = false;
    let request: UpstreamRequest;
    try {
      request = upstreamRequest(exchange, server.address, this.#owner.passHostHeader);
    } catch (error) {
      server.inFlight -= 1;
      this.#forgetClient();
      this.#refuse(error as Error, true);
      return;
    }
    this.#connection = server.pool.take();
    this.#connection.send(request, this);
  }

  sending(): void {
    this.#started = true;
    this.#sentAt = performance.now();
    const { facts } = this.#exchange;
    if (facts.originStart === 0) facts.originStart = this.#sentAt;
  }

  // --- from the server

  informational(status: number): void {
    this.#informational += 1;
    // We ask for no upgrade and for no leave to go on, so 100 and 101 are lies; the others may be skipped, within reason
    // (RFC 9110 §15.2).
    if (status > 101 && this.#informational <= this.#owner.limits.informational) return;
    throw new BadAnswer(`unwanted informational answer ${status}`);
  }

  head({ status, headers, framing, length, eventStream }: AnswerHead): void {
    const { facts } = this.#exchange;
    const duration = performance.now() - this.#sentAt;
    facts.originStatus = status;
    facts.originDuration = duration;
    this.#server.answered(status, duration);
    this.#waitsForBody = framing === 'length' && length <= smallBody && !eventStream;
    this.#reply = eventStream ? { status, headers, body: null, longLived: true } : { status, headers, body: null };
    this.#phase = 'head';
  }

  caughtUp(): void {
    if (this.#phase === 'head') this.#handOver(false);
  }

  #handOver(waited: boolean): void {
    if (this.#phase !== 'head' || this.#reply === undefined) return;
    const reply = this.#reply;
    if (this.#error !== undefined) {
      // It broke off behind the head: while nothing of it has gone back, an honest 502 is better than a cut.
      this.#server.failed('an answer broke off');
      this.#owner.noteFailure(this.#server, this.#error);
      this.#refuse(this.#error);
      return;
    }
    if (this.#ended) {
      this.#phase = 'over';
      if (this.#held !== undefined) reply.body = inOnePiece(this.#held, this.#heldSize);
      this.#held = undefined;
    } else if (!waited && this.#waitsForBody) {
      // Nobody can use a part of it, so the head may wait one turn for a body sent right behind it.
      setImmediate(() => this.#handOver(true));
      return;
    } else {
      this.#phase = 'handed';
      reply.body = this;
    }
    this.#reply = undefined;
    this.#owner.dress(reply, this.#exchange, this.#server);
    this.#resolve(reply);
    this.#resolve = nothing;
    this.#reject = nothing;
  }

  data(piece: Buffer): void {
    switch (this.#phase) {
      case 'flowing':
        this.#sink?.chunk(piece);
        return;
      case 'head':
      case 'handed':
        this.#held ??= [];
        this.#held.push(piece);
        this.#heldSize += piece.length;
        if (this.#heldSize >= heldBytes) this.#connection?.pause();
        return;
      case 'draining':
        this.#drained += piece.length;
        if (this.#drained > this.#owner.limits.orphanBytes) this.#abort(new Error('an abandoned answer got too long'));
        return;
      default:
        return;
    }
  }

  end(): void {
    this.#giveBack();
    this.#ended = true;
    if (this.#phase === 'head') {
      this.#handOver(false);
    } else if (this.#phase === 'flowing') {
      this.#phase = 'over';
      this.#sink?.end();
    } else if (this.#phase === 'draining') {
      this.#phase = 'over';
    }
  }

  failed(error: Error): void {
    const sent = this.#started;
    this.#giveBack(sent || this.#phase !== 'asking');
    switch (this.#phase) {
      case 'asking':
        this.#tryAnother(error, !sent);
        return;
      case 'head':
        this.#error = error;
        this.#handOver(false);
        return;
      case 'handed':
        this.#error = error;
        return;
      case 'flowing':
        this.#phase = 'over';
        this.#server.failed('an answer broke off');
        this.#sink?.fail(error);
        return;
      default:
        this.#phase = 'over';
    }
  }

  #tryAnother(error: Error, unsent: boolean): void {
    const server = this.#server;
    server.failed(error.message);
    this.#owner.noteFailure(server, error);
    const { body } = this.#exchange;
    if (unsent && (body.empty || body.buffered !== undefined) && error instanceof DialError) {
      this.#tried ??= [];
      this.#tried.push(server);
      const next = this.#owner.another(this.#exchange, this.#tried);
      if (next !== undefined) {
        this.#server = next;
        this.#exchange.facts.retryAttempts += 1;
        queueMicrotask(() => this.#send());
        return;
      }
    }
    this.#forgetClient();
    this.#refuse(error, unsent);
  }

  #refuse(error: Error, unsent = false): void {
    this.#phase = 'over';
    this.#reject(refuseFor(error, unsent));
  }

  /** The attempt is over as far as the connection goes. */
  #giveBack(final = true): void {
    if (this.#connection === undefined) return;
    this.#connection = undefined;
    this.#server.inFlight -= 1;
    this.#exchange.facts.originEnd = performance.now();
    if (final) this.#forgetClient();
  }

  #forgetClient(): void {
    this.#forget?.();
    this.#forget = undefined;
    if (this.#orphan !== undefined) clearTimeout(this.#orphan);
  }

  // --- the client

  #clientGone(): void {
    this.#forget = undefined;
    if (this.#phase === 'over') return;
    if (!this.#exchange.abortOnClose) {
      this.#orphan = setTimeout(
        () => this.#abort(new Error('the answer to an absent client took too long')),
        this.#owner.limits.orphanTime,
      ).unref();
      return;
    }
    this.#abort(new Error('the client has gone'));
  }

  /** Ends the call from our side. The consumer of the body is told, unless it was the one who asked for it. */
  #abort(error: Error, silent = false): void {
    const phase = this.#phase;
    if (phase === 'over') return;
    this.#phase = 'over';
    this.#error = error;
    this.#held = undefined;
    const connection = this.#connection;
    this.#giveBack();
    connection?.abort();
    if (phase === 'asking' || phase === 'head') this.#reject(clientGone(!this.#started));
    else if (phase === 'flowing' && !silent) this.#sink?.fail(error);
  }

  // --- the body

  start(sink: BodySink): BodyFlow {
    if (this.#phase !== 'handed') {
      // Cancelled or orphaned in between: whoever starts it all the same must not wait for ever.
      queueMicrotask(() => sink.fail(this.#error ?? new Error('the answer was given up')));
      return this;
    }
    this.#phase = 'flowing';
    this.#sink = sink;
    const held = this.#held;
    this.#held = undefined;
    for (const chunk of held ?? []) {
      if (this.#phase !== 'flowing') return this;
      sink.chunk(chunk);
    }
    if (this.#phase !== 'flowing') return this;
    if (this.#error !== undefined) {
      this.#phase = 'over';
      this.#server.failed('an answer broke off');
      sink.fail(this.#error);
    } else if (this.#ended) {
      this.#phase = 'over';
      sink.end();
    } else if (this.#connection?.paused === true) {
      this.resume();
    }
    return this;
  }

  pause(): void {
    if (this.#phase === 'flowing') this.#connection?.pause();
  }

  resume(): void {
    if (this.#phase === 'flowing' || this.#phase === 'draining') this.#connection?.resume();
  }

  cancel(reason?: Error): void {
    if (this.#phase === 'over' || this.#phase === 'draining') return;
    if (this.#exchange.closed && !this.#exchange.abortOnClose && !this.#ended && this.#error === undefined) {
      this.#phase = 'draining';
      this.#held = undefined;
      this.resume();
      return;
    }
    this.#abort(reason ?? new Error('nobody wants the rest'), true);
  }
}

function inOnePiece(pieces: readonly Buffer[], size: number): Buffer {
  const [first] = pieces;
  return pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces, size);
}
