import { type IncomingHttpHeaders, IncomingMessage } from 'node:http';

/**
 * A request without the object that Node makes of all header fields: it would be made for the two fields that Node itself
 * asks a server's request for, and nothing in the gateway reads it (`HeaderFields`).
 */
export class LeanIncomingMessage extends IncomingMessage {}

Object.defineProperty(LeanIncomingMessage.prototype, 'headers', {
  get(this: LeanIncomingMessage): IncomingHttpHeaders {
    const { rawHeaders } = this;
    let host: string | undefined;
    let expect: string | undefined;
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      const name = rawHeaders[index] as string;
      if (name.length === 4 && is('host', name)) host ??= rawHeaders[index + 1];
      else if (name.length === 6 && is('expect', name)) expect ??= rawHeaders[index + 1];
    }
    return { host, expect };
  },
});

/** Compares without regard to case. Most names differ in the first letter. */
function is(lower: string, name: string): boolean {
  return (name.charCodeAt(0) | 0x20) === lower.charCodeAt(0) && name.toLowerCase() === lower;
}
