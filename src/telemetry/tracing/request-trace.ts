import { Buffer } from 'node:buffer';
import { randomFillSync } from 'node:crypto';
import type { RequestTrace } from '../../http/facts.ts';
import type { ByteWriter } from '../byte-writer.ts';
import type { Sampler } from './sampling.ts';
import { formatTraceparent, parseTraceparent, type RemoteParent } from './trace-context.ts';

const pool = Buffer.alloc(4_096);
let digits = '';
let used = 0;

/** Random hexadecimal digits, drawn from the system and written as text in one go for many requests. */
function randomHex(bytes: number): string {
  const end = used + 2 * bytes;
  if (end > digits.length) {
    digits = randomFillSync(pool).toString('hex');
    used = 0;
    return randomHex(bytes);
  }
  const drawn = digits.slice(used, end);
  used = end;
  return drawn;
}

const idPool = Buffer.alloc(4_096);
let usedIds = idPool.length;

/** Writes the random id of a span that nobody else has to name. */
export function writeRandomId(out: ByteWriter): void {
  if (usedIds === idPool.length) {
    randomFillSync(idPool);
    usedIds = 0;
  }
  out.reserve(8);
  for (let index = 0; index < 8; index++) out.buffer[out.length + index] = idPool[usedIds + index] as number;
  out.length += 8;
  usedIds += 8;
}

/** What is decided once for all requests. */
export interface TraceSettings {
  readonly sample: Sampler;
  readonly intoMessage: boolean;
  readonly captureArguments: boolean;
  readonly captureResults: boolean;
}

/** A request's place in a trace. Spans are made of it when the request has ended. */
export class RequestSpans implements RequestTrace {
  traceId: string;
  sampled: boolean;
  readonly spanId = randomHex(8);
  readonly clientSpanId = randomHex(8);
  parent: RemoteParent | undefined;
  link: RemoteParent | undefined = undefined;
  argumentsText: string | undefined = undefined;
  resultText: string | undefined = undefined;
  readonly #settings: TraceSettings;

  constructor(settings: TraceSettings, traceparent: string | undefined, tracestate: string | undefined) {
    this.#settings = settings;
    this.parent = parseTraceparent(traceparent, tracestate);
    this.traceId = this.parent?.traceId ?? randomHex(16);
    this.sampled = settings.sample(this.traceId, this.parent);
  }

  get state(): string | undefined {
    return this.parent?.state;
  }

  get upstreamParent(): string {
    return formatTraceparent(this.traceId, this.clientSpanId, this.sampled);
  }

  get intoMessage(): boolean {
    return this.#settings.intoMessage;
  }

  get wantsArguments(): boolean {
    return this.sampled && this.#settings.captureArguments;
  }

  get wantsResults(): boolean {
    return this.sampled && this.#settings.captureResults;
  }

  adopt(traceparent: string, tracestate: string | undefined): void {
    const own = parseTraceparent(traceparent, tracestate);
    if (own === undefined) return;
    this.link = this.parent;
    this.parent = own;
    this.traceId = own.traceId;
    this.sampled = this.#settings.sample(own.traceId, own);
  }

  noteArguments(text: string): void {
    this.argumentsText = text;
  }

  noteResult(text: string): void {
    this.resultText = text;
  }
}
