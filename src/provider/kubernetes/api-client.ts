import type { Buffer } from 'node:buffer';
import { Agent, type Dispatcher } from 'undici';
import type { Logger } from '../../telemetry/log.ts';
import type { ApiAccess } from './api-access.ts';
import { ApiGate } from './api-gate.ts';
import { RequestSlots } from './request-slots.ts';

/** An answer of the API server that is not a success. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** Milliseconds that the API server asks us to wait. */
  readonly retryAfter: number;

  constructor(status: number, message: string, retryAfter = 0) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** A request was not sent, because by the time it could have been nobody wanted it any more. */
export class RequestOvertaken extends Error {
  override readonly name = 'RequestOvertaken';
}

export type Query = Readonly<Record<string, string | undefined>>;

export interface ApiRequest {
  readonly path: string;
  readonly query?: Query;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly body?: unknown;
  readonly contentType?: string;
  /** Asked right before it is sent, which may be long after it was asked for; without a yes it is not. */
  readonly stillWanted?: () => boolean;
}

/** Time for an answer to begin, and for a whole small one to arrive, in milliseconds. */
const answerTimeout = 10_000;
const connectTimeout = 5_000;
/** No object of the API server is larger than 1.5 MiB by default, and a page has at most 500 of them. */
const longestLine = 16 * 1024 * 1024;
/**
 * So many requests may wait for the beginning of an answer. API servers queue what comes beyond their fair share, and
 * refuse (429) what does not fit into the queue, for instance five hundred lists at once.
 */
const mostUnanswered = 32;

/**
 * Speaks to one API server, and stops speaking while it is away. Over TLS all watches share a few HTTP/2 connections: one
 * connection each would cost about ten times the memory, here and there.
 */
export class ApiClient {
  readonly gate: ApiGate;
  readonly signal: AbortSignal;
  readonly #access: ApiAccess;
  readonly #agent: Agent;
  readonly #base: string;
  readonly #origin: string;
  readonly #slots = new RequestSlots(mostUnanswered);

  constructor(access: ApiAccess, signal: AbortSignal, log: Logger) {
    this.#access = access;
    this.signal = signal;
    const url = new URL(access.server);
    this.#origin = url.origin;
    this.#base = url.pathname === '/' ? '' : url.pathname;
    const tls = Object.fromEntries(Object.entries(access.tls).filter(([, value]) => value !== undefined));
    this.#agent = new Agent({
      connect: { ...tls, timeout: connectTimeout },
      allowH2: true,
      headersTimeout: answerTimeout,
      keepAliveTimeout: 30_000,
    });
    signal.addEventListener('abort', () => void this.#agent.destroy(), { once: true });
    this.gate = new ApiGate(
      () => this.#probe(),
      signal,
      (available) => {
        if (available) log.info('the API server is back');
        else log.error('the API server is away; the last known configuration goes on', { server: access.server });
      },
    );
  }

  /** Sends a request and decodes the JSON answer. */
  async request(request: ApiRequest): Promise<unknown> {
    const response = await this.#send(request, answerTimeout);
    try {
      return await response.body.json();
    } catch (error) {
      if (!this.signal.aborted) this.gate.suspect();
      throw error;
    }
  }

  /**
   * Reads lines of JSON as they come, until the API server ends the answer.
   *
   * @param opened called when the API server has agreed
   * @param idleTimeout without a byte for so long, in milliseconds, the answer is given up
   */
  async *lines(
    request: ApiRequest,
    { idleTimeout, signal, opened }: { idleTimeout: number; signal: AbortSignal; opened: () => void },
  ): AsyncGenerator<unknown> {
    const response = await this.#send(request, idleTimeout, signal);
    opened();
    const decoder = new TextDecoder();
    let rest = '';
    try {
      for await (const chunk of response.body) {
        const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n');
        rest = lines.pop() ?? '';
        if (rest.length > longestLine) throw new Error('the API server sent an endless line');
        for (const line of lines) if (line !== '') yield JSON.parse(line);
      }
    } catch (error) {
      if (!signal.aborted) this.gate.suspect();
      throw error;
    }
  }

  async #send(request: ApiRequest, bodyTimeout: number, signal = this.signal): Promise<Dispatcher.ResponseData> {
    await this.#slots.enter();
    try {
      await this.gate.pass();
      signal.throwIfAborted();
      return await this.#exchange(request, bodyTimeout, signal);
    } catch (error) {
      const answered = error instanceof RequestOvertaken || (error instanceof ApiError && error.status < 500);
      if (!answered && !signal.aborted) this.gate.suspect();
      throw error;
    } finally {
      this.#slots.leave();
    }
  }

  /** Anything but a server error says that somebody is there, a refusal included. */
  async #probe(): Promise<void> {
    try {
      const response = await this.#exchange({ path: '/version' }, answerTimeout, this.signal);
      await response.body.dump();
    } catch (error) {
      if (!(error instanceof ApiError && error.status < 500)) throw error;
    }
  }

  async #exchange(request: ApiRequest, bodyTimeout: number, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { path, query = {}, method = 'GET', body, contentType = 'application/json' } = request;
    const parameters = new URLSearchParams(
      Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
    ).toString();
    const credentials = await this.#access.credentials();
    // Nothing may come between this question and the sending.
    if (request.stillWanted?.() === false) throw new RequestOvertaken(`${path} was not sent in time`);
    const response = await this.#agent.request({
      origin: this.#origin,
      path: this.#base + path + (parameters === '' ? '' : `?${parameters}`),
      method,
      headers: {
        Accept: 'application/json',
        'User-Agent': 'portcullis',
        ...(body === undefined ? {} : { 'Content-Type': contentType }),
        ...credentials,
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal,
      bodyTimeout,
    });
    if (response.statusCode < 300) return response;
    const retryAfter = Number(response.headers['retry-after'] ?? 0) * 1_000;
    throw new ApiError(response.statusCode, await readReason(response), Number.isFinite(retryAfter) ? retryAfter : 0);
  }
}

/** The `message` of a `Status` object, or the beginning of whatever came instead. */
async function readReason(response: Dispatcher.ResponseData): Promise<string> {
  const text = await response.body.text().catch(() => '');
  try {
    const status: unknown = JSON.parse(text);
    if (typeof status === 'object' && status !== null && 'message' in status) return String(status.message);
  } catch {
    // Not from the API server itself, but from something in front of it.
  }
  return text.slice(0, 200).trim() || `status ${response.statusCode}`;
}
