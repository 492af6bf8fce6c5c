import type { Reply } from './exchange.ts';

/** The media type of a `Content-Type` value, lower case and without parameters. */
export function mediaType(value: string | undefined): string {
  return value?.split(';')[0]?.trim().toLowerCase() ?? '';
}

/** True for replies that are meant to be seen as they come: they are never buffered or compressed (data-plane §6). */
export function isStreaming(reply: Reply): boolean {
  return reply.longLived === true || mediaType(reply.headers.get('content-type')) === 'text/event-stream';
}
