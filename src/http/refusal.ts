import type { Reply } from './exchange.ts';
import { HeaderFields } from './headers.ts';

/** An answer to the client, thrown from anywhere in the chain. It never holds a stack, a path, an upstream address or a secret. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  /** Short code for logs and metrics (`errorType` of the request's facts). */
  readonly errorType: string;
  readonly #headers: readonly (readonly [string, string])[];
  readonly #body: string;
  readonly #contentType: string;

  constructor(
    status: number,
    errorType: string,
    answer: { body?: string; contentType?: string; headers?: readonly (readonly [string, string])[]; cause?: unknown } = {},
  ) {
    super(errorType, answer.cause === undefined ? {} : { cause: answer.cause });
    this.status = status;
    this.errorType = errorType;
    this.#headers = answer.headers ?? [];
    this.#body = answer.body ?? '';
    this.#contentType = answer.contentType ?? 'text/plain; charset=utf-8';
  }

  toReply(): Reply {
    return textReply(this.status, this.#body, this.#contentType, this.#headers);
  }
}

/** A complete small reply with `Content-Length`; an empty body has no `Content-Type`. */
export function textReply(
  status: number,
  body: string,
  contentType = 'text/plain; charset=utf-8',
  extra: readonly (readonly [string, string])[] = [],
): Reply {
  const bytes = Buffer.from(body, 'utf8');
  const headers = new HeaderFields();
  if (bytes.length > 0) {
    headers.append('Content-Type', contentType);
    headers.append('X-Content-Type-Options', 'nosniff');
  }
  headers.append('Content-Length', String(bytes.length));
  for (const [name, value] of extra) headers.append(name, value);
  return { status, headers, body: bytes.length > 0 ? bytes : null };
}
