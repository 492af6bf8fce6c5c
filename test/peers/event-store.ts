import type { EventStore, JSONRPCMessage } from '@modelcontextprotocol/server';

/** Keeps every event of a session in memory, so that a stream can be resumed after any of them. */
export function createEventStore(): EventStore {
  const events: { readonly streamId: string; readonly message: JSONRPCMessage }[] = [];
  const position = (eventId: string) => (/^e\d+$/.test(eventId) ? Number(eventId.slice(1)) : Number.NaN);
  return {
    async storeEvent(streamId, message) {
      events.push({ streamId, message });
      return `e${events.length - 1}`;
    },
    async getStreamIdForEventId(eventId) {
      return events[position(eventId)]?.streamId;
    },
    async replayEventsAfter(lastEventId, { send }) {
      const at = position(lastEventId);
      const streamId = events[at]?.streamId;
      if (streamId === undefined) throw new Error('unknown event id');
      for (const [offset, event] of events.slice(at + 1).entries()) {
        // A priming event is stored as an empty message: it marks a place and says nothing.
        if (event.streamId === streamId && Object.keys(event.message).length > 0) {
          await send(`e${at + 1 + offset}`, event.message);
        }
      }
      return streamId;
    },
  };
}
