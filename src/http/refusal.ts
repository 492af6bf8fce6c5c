import { Buffer } from 'node:buffer';
import type { Reply } from './exchange.ts';
import { HeaderFields } from './headers.ts';

/** An answer to the client, thrown from anywhere in the chain. It never holds a stack, a path, an upstream address or a secret. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  /** Short code for logs and metrics (`errorType` of the request's facts). */
  readonly errorType: string;
  /** True when nothing of the request reached an upstream: only then may `retry` send it again (data-plane §6). */
  readonly unsent: boolean;
  readonly #headers: readonly (readonly [string, string])[];
  readonly #body: string;
  readonly #contentType: string;
  #edits: readonly ((reply: Reply) => void)[] = [];

  constructor(
    status: number,
    errorType: string,
    answer: {
      body?: string;
      contentType?: string;
      headers?: readonly (readonly [string, string])[];
      cause?: unknown;
      unsent?: boolean;
    } = {},
  ) {
    super(errorType, answer.cause === undefined ? {} : { cause: answer.cause });
    this.status = status;
    this.errorType = errorType;
    this.unsent = answer.unsent ?? false;
    this.#headers = answer.headers ?? [];
    this.#body = answer.body ?? '';
    this.#contentType = answer.contentType ?? 'text/plain; charset=utf-8';
  }

  toReply(): Reply {
    const reply = textReply(this.status, this.#body, this.#contentType, this.#headers);
    for (const edit of this.#edits) edit(reply);
    return reply;
  }

  /**
   * The same refusal whose reply is edited when it is made. Middlewares that dress replies (`headers`) pass refusals on in
   * this form, so that they stay refusals for the rooms outside of them and yet carry CORS and security fields.
   */
  amend(edit: (reply: Reply) => void): Refusal {
    const amended = new Refusal(this.status, this.errorType, {
      body: this.#body,
      contentType: this.#contentType,
      headers: this.#headers,
      unsent: this.unsent,
      cause: this.cause,
    });
    amended.#edits = [...this.#edits, edit];
    return amended;
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
