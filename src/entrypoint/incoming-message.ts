import { type IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** What Node itself asks a server's request for: whether it names a host, and whether it expects something. */
const wanted = new Set(['host', 'expect']);

/**
 * A request without the object that Node makes of all header fields: it would be made for two look-ups of Node's own, and
 * nothing in the gateway reads it (`HeaderFields`).
 */
export class LeanIncomingMessage extends IncomingMessage {}

Object.defineProperty(LeanIncomingMessage.prototype, 'headers', {
  get(this: LeanIncomingMessage): IncomingHttpHeaders {
    const { rawHeaders } = this;
    const headers: IncomingHttpHeaders = {};
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      const name = rawHeaders[index] as string;
      if (name.length !== 4 && name.length !== 6) continue;
      const lower = name.toLowerCase();
      if (wanted.has(lower)) headers[lower] ??= rawHeaders[index + 1];
    }
    return headers;
  },
});
