import type { Exchange } from '../../http/exchange.ts';
import type { RequestSpans } from './request-trace.ts';

/** A request that has ended, as its spans tell it. */
export interface EndedRequest {
  readonly exchange: Exchange;
  readonly status: number;
  /** By the clock of `facts.startedAt`. */
  readonly end: number;
  readonly trace: RequestSpans;
}
