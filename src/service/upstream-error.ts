import { Refusal } from '../http/refusal.ts';
import { DialError } from './dial.ts';

/** An upstream answered something that we will not pass on. */
export class BadAnswer extends Error {
  override readonly name = 'BadAnswer';
}

/** The head of an answer did not come in time. */
export class SlowAnswer extends Error {
  override readonly name = 'SlowAnswer';
  constructor() {
    super('no answer in time');
  }
}

/** What we were asked to send cannot be sent: a middleware made a header or a path that HTTP has no form for. */
export class UnsendableRequest extends Error {
  override readonly name = 'UnsendableRequest';
}

interface Answer {
  readonly status: number;
  readonly errorType: string;
  readonly text: string;
}

const unreachable: Answer = { status: 502, errorType: 'upstream_unreachable', text: 'bad gateway\n' };
const invalid: Answer = { status: 502, errorType: 'upstream_invalid', text: 'bad gateway\n' };
const tooSlow: Answer = { status: 504, errorType: 'upstream_timeout', text: 'gateway timeout\n' };

const byDialKind: Readonly<Record<DialError['kind'], Answer>> = {
  refused: unreachable,
  timeout: { status: 504, errorType: 'upstream_connect_timeout', text: 'gateway timeout\n' },
  name: { status: 502, errorType: 'upstream_name', text: 'bad gateway\n' },
  tls: { status: 502, errorType: 'upstream_tls', text: 'bad gateway\n' },
  forbidden: { status: 502, errorType: 'upstream_forbidden', text: 'bad gateway\n' },
};

const unsendable: Answer = { status: 500, errorType: 'upstream_request', text: 'internal error\n' };
const closed: Answer = { status: 502, errorType: 'upstream_closed', text: 'bad gateway\n' };

function answerFor(error: unknown): Answer {
  if (error instanceof DialError) return byDialKind[error.kind];
  if (error instanceof BadAnswer) return invalid;
  if (error instanceof SlowAnswer) return tooSlow;
  if (error instanceof UnsendableRequest) return unsendable;
  return (error as NodeJS.ErrnoException | null)?.code === 'ETIMEDOUT' ? tooSlow : closed;
}

/** What the client is told about a failed upstream call: no address, no reason, just which kind. */
export function refuseFor(error: unknown, unsent: boolean): Refusal {
  const { status, errorType, text } = answerFor(error);
  return new Refusal(status, errorType, { body: text, cause: error, unsent });
}

/** No server could be asked. The text is Traefik's. */
export function noServer(): Refusal {
  return new Refusal(503, 'upstream_unavailable', { body: 'no available server\n', unsent: true });
}

/** The client went before there was an answer; nobody will read this (499 is the de-facto code for logs). */
export function clientGone(unsent: boolean): Refusal {
  return new Refusal(499, 'client_gone', { unsent });
}
