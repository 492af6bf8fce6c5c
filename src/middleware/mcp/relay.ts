import { Buffer } from 'node:buffer';
import { BodyTooLarge, collect } from '../../http/body.ts';
import { isUnencoded } from '../../http/content-encoding.ts';
import type { Exchange, Reply } from '../../http/exchange.ts';
import type { McpFacts } from '../../http/facts.ts';
import { type AnswerFilter, UnfilterableAnswer } from '../../mcp/answer-filter.ts';
import { EventStream } from '../../mcp/event-stream.ts';

import { ObservedBody } from '../../mcp/observed-body.ts';
import { readOutcome } from '../../mcp/outcome.ts';
import { type MessageId, refuse } from '../../mcp/replies.ts';
import { EventSplitter, readEvent, type SseEvent } from '../../mcp/sse.ts';

/** What is done with an answer on its way back. */
export interface RelayRules {
  readonly id: MessageId | undefined;
  readonly facts: McpFacts;
  /** Present when the answer depends on its reader, or may: then nothing leaves unfiltered. */
  readonly filter: AnswerFilter | undefined;
  /** True when the answer was asked for and is read whole: one in a form that cannot be filtered is refused. */
  readonly whole: boolean;
  /** Wants to see answers, for traces. */
  readonly result?: ((answer: Buffer | string) => void) | undefined;
  /** Wants to see lists that are not filtered. */
  readonly learn?: ((answer: Buffer | string) => void) | undefined;
  /** Largest answer that is filtered, in bytes. */
  readonly maxListSize: number;
  /** Tells about answers that had to be refused. */
  readonly unfilterable: (reason: string) => void;
}

/** Silence after which a stream gets a comment (data-plane §6). */
const keepAliveAfter = 15_000;
/** Answers are read for telemetry up to this size. */
const observedSize = 64 * 1024;
/** Lists that are not filtered are read up to this size. */
const learnedSize = 1024 * 1024;

/**
 * Passes an answer on: untouched bytes but for lists, streams flushed and kept alive, telemetry read on the way. Only an
 * answer that is read whole has to be waited for.
 */
export function relay(reply: Reply, exchange: Exchange, rules: RelayRules): Reply | Promise<Reply> {
  const type = mediaType(reply.headers.get('content-type'));
  if (type === 'text/event-stream') return relayEvents(reply, exchange, rules);
  if (type === 'application/json') return rules.whole ? relayWhole(reply, rules) : observeJson(reply, rules);
  if (rules.filter !== undefined && rules.whole && reply.status < 300 && reply.body !== null) {
    return giveUp(reply, rules, `it came as ${type === '' ? 'no media type' : 'another media type'}`);
  }
  return reply;
}

function relayEvents(reply: Reply, exchange: Exchange, rules: RelayRules): Reply {
  const { headers, body, status } = reply;
  headers.set('X-Accel-Buffering', 'no');
  headers.set('Cache-Control', 'no-cache, no-transform');
  if (body === null) return reply;
  const { filter } = rules;
  if (!isUnencoded(reply.headers))
    return filter === undefined ? reply : giveUp(reply, rules, 'it came in a content encoding');
  headers.delete('content-length');
  if (Buffer.isBuffer(body)) {
    if (filter !== undefined) reply.body = filtered(reply, rules, () => filter.filterEvents(body));
    observeEvents(body, rules);
    return reply;
  }
  const stream = new EventStream(body, {
    ...(filter === undefined
      ? {
          observe: (event) => {
            letGoWhenResumable(event, exchange);
            note(event.data ?? '', rules);
          },
          maxEventBytes: observable(rules),
        }
      : {
          rewrite: (event) => {
            letGoWhenResumable(event, exchange);
            note(event.data ?? '', rules);
            try {
              return filter.filterEvent(event);
            } catch (error) {
              rules.unfilterable(error instanceof Error ? error.message : String(error));
              exchange.facts.errorType ??= 'unfilterable_answer';
              throw error;
            }
          },
          maxEventBytes: rules.maxListSize,
        }),
    keepAliveAfter,
  });
  return { status, headers, body: stream, longLived: reply.longLived ?? true };
}

/**
 * Events with ids can be fetched again on another stream (2025-11-25, "Resumability and Redelivery"). The call goes on at
 * the upstream without a connection then; one that we held open for a client that has gone would keep the upstream from
 * handing the rest to the stream that the client resumes.
 */
function letGoWhenResumable(event: SseEvent, exchange: Exchange): void {
  if (event.id !== undefined) exchange.abortOnClose = true;
}

async function relayWhole(reply: Reply, rules: RelayRules): Promise<Reply> {
  const { filter } = rules;
  if (filter === undefined || reply.body === null) return observeJson(reply, rules);
  if (!isUnencoded(reply.headers)) return giveUp(reply, rules, 'it came in a content encoding');
  let bytes: Buffer;
  try {
    bytes = await collect(reply.body, rules.maxListSize);
  } catch (error) {
    if (error instanceof BodyTooLarge) throw unusable(rules, error.message);
    throw refuse({
      status: 502,
      code: 502,
      message: 'the upstream broke off',
      errorType: 'upstream_closed',
      id: rules.id,
      cause: error,
    });
  }
  reply.body = filtered(reply, rules, () => filter.filterJson(bytes));
  reply.headers.set('Content-Length', String(reply.body.length));
  note(bytes, rules);
  return reply;
}

function filtered(reply: Reply, rules: RelayRules, filter: () => Buffer): Buffer {
  try {
    return filter();
  } catch (error) {
    if (error instanceof UnfilterableAnswer) return giveUp(reply, rules, error.message);
    throw error;
  }
}

function observeJson(reply: Reply, rules: RelayRules): Reply {
  const { body } = reply;
  if (body === null || !isUnencoded(reply.headers)) return reply;
  const seen = (bytes: Buffer): void => note(bytes, rules);
  if (!Buffer.isBuffer(body)) reply.body = new ObservedBody(body, observable(rules), seen);
  else if (body.length <= observable(rules)) seen(body);
  return reply;
}

function observeEvents(bytes: Buffer, rules: RelayRules): void {
  if (bytes.length > observable(rules)) return;
  new EventSplitter(bytes.length).push(bytes, (raw) => note(readEvent(raw).data ?? '', rules));
}

function observable({ learn }: RelayRules): number {
  return learn === undefined ? observedSize : learnedSize;
}

function note(answer: Buffer | string, { facts, result, learn }: RelayRules): void {
  result?.(answer);
  learn?.(answer);
  const outcome = readOutcome(answer);
  if (outcome === undefined) return;
  if (outcome.errorCode !== undefined) facts.errorCode = outcome.errorCode;
  if (outcome.toolError) facts.toolError = true;
  if (facts.method === 'initialize' && outcome.protocolVersion !== undefined)
    facts.protocolVersion = outcome.protocolVersion;
}

/** Never unfiltered: an answer that cannot be judged is not passed on. */
function giveUp(reply: Reply, rules: RelayRules, reason: string): never {
  if (reply.body !== null && !Buffer.isBuffer(reply.body)) reply.body.cancel();
  throw unusable(rules, reason);
}

function unusable(rules: RelayRules, reason: string): Error {
  rules.unfilterable(reason);
  return refuse({
    status: 502,
    code: 502,
    message: 'the upstream sent an answer that cannot be filtered',
    errorType: 'unfilterable_answer',
    id: rules.id,
  });
}

function mediaType(value: string | undefined): string {
  if (value === 'application/json' || value === 'text/event-stream') return value;
  return (value ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
