import type { Exchange } from '../http/exchange.ts';
import type { RequestFacts } from '../http/facts.ts';
import type { ByteWriter } from './byte-writer.ts';

/** An exchange whose reply is done. */
export interface FinishedExchange {
  readonly exchange: Exchange;
  readonly facts: RequestFacts;
  /** Status that the client was sent. */
  readonly status: number;
  /** Milliseconds from the request's start to the end of the reply. */
  readonly duration: number;
  /** Requests since the process started, this one included. */
  readonly count: number;
}

/** Fields that requests have in common, by what they depend on. */
export type AccessLogPart = 'way' | 'caller' | 'message';

/** One field of the access log. */
export interface AccessLogReader {
  readonly name: string;
  /**
   * The part of the line to which it belongs, whose text is kept because other requests have it, too (`moment`: all of one
   * millisecond); absent: each request has its own value. A field may depend on nothing but the source of its part.
   */
  readonly part?: AccessLogPart | 'moment';
  /** `undefined`: this exchange has no such field. */
  read(finished: FinishedExchange): string | number | boolean | undefined;
}

/** Writes something about a finished exchange. */
export type LineWriter = (finished: FinishedExchange, out: ByteWriter) => void;
