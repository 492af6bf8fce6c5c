import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';

/** A reply that is not over yet. */
export interface OpenReply {
  readonly response: ServerResponse | Http2ServerResponse;
  /** A stream that may stay open for hours. */
  longLived: boolean;
  /** Where it stands in the list; moved by the list only. */
  place: number;
}

/**
 * The replies under way. A list whose members know their places, and no `Set`: a set that is added to and deleted from
 * all the time is laid out anew every few dozen requests, and V8 links each old layout to the next. Once a full collection
 * has moved one of them to the old generation, dead as it is it keeps the next one alive, and so all responses after it
 * until the next full collection: several KiB and up to 30 µs for each request.
 */
export class OpenReplies {
  readonly #list: OpenReply[] = [];
  #streams = 0;

  /** Replies that should be over soon. */
  get busy(): number {
    return this.#list.length - this.#streams;
  }

  /** Long-lived streams. */
  get streams(): number {
    return this.#streams;
  }

  /** All of them, in no particular order. */
  get all(): readonly OpenReply[] {
    return this.#list;
  }

  add(response: OpenReply['response']): OpenReply {
    const reply = { response, longLived: false, place: this.#list.length };
    this.#list.push(reply);
    return reply;
  }

  /** The reply turns out to be a stream. Nothing happens when it is over already. */
  stays(reply: OpenReply): void {
    if (reply.longLived || reply.place < 0) return;
    reply.longLived = true;
    this.#streams += 1;
  }

  remove(reply: OpenReply): void {
    if (reply.place < 0) return;
    const last = this.#list.pop() as OpenReply;
    if (last !== reply) {
      this.#list[reply.place] = last;
      last.place = reply.place;
    }
    reply.place = -1;
    if (reply.longLived) this.#streams -= 1;
  }
}
