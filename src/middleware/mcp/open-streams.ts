import { isObject, type JsonObject, stringify } from '../../http/json.ts';
import type { Message } from '../../mcp/envelope.ts';
import type { EventStream } from '../../mcp/event-stream.ts';
import type { ItemBook } from '../../mcp/item-book.ts';
import type { ListKind } from '../../mcp/methods.ts';
import type { MessageId } from '../../mcp/replies.ts';
import { writeEvent } from '../../mcp/sse.ts';
import type { PolicyRequest, PolicySet } from '../../policy/index.ts';

/** What clients are told about together. */
type Notice = 'tools' | 'prompts' | 'resources';

const kindsOf: Readonly<Record<Notice, readonly ListKind[]>> = {
  tools: ['tools'],
  prompts: ['prompts'],
  resources: ['resources', 'resourceTemplates'],
};
const notices = Object.keys(kindsOf) as Notice[];

/** The member of a `subscriptions/listen` filter that asks for a notice (MCP 2026-07-28, subscriptions). */
const askedBy: Readonly<Record<Notice, string>> = {
  tools: 'toolsListChanged',
  prompts: 'promptsListChanged',
  resources: 'resourcesListChanged',
};

/** A stream on which a caller waits for what the server has to say. */
export interface OpenStream {
  readonly stream: EventStream;
  /** Who waits, as the policies know them. */
  readonly question: PolicyRequest;
  /** The `subscriptions/listen` call; absent for a legacy GET stream. */
  readonly listen: Message | undefined;
  /** The legacy session, as the client knows it: a message goes to one of its streams only. */
  readonly session: string | undefined;
  readonly items: ItemBook;
}

/** What changed for the streams of a middleware; for the log. */
export interface StreamChanges {
  ended: number;
  told: number;
}

interface Watched extends OpenStream {
  /** The policies under which the caller's lists were last seen. */
  policies: PolicySet;
}

/**
 * Streams that stay open while the configuration changes. Those whose caller lost the right to them end; those whose
 * caller now sees other lists are told that the lists changed, and nobody else is.
 */
export class OpenStreams {
  readonly #open = new Set<Watched>();

  get size(): number {
    return this.#open.size;
  }

  add(one: OpenStream, policies: PolicySet): void {
    const watched: Watched = { ...one, policies };
    this.#open.add(watched);
    one.stream.whenDone(() => this.#open.delete(watched));
  }

  /** New policies are in force. */
  judge(policies: PolicySet): StreamChanges {
    const changes: StreamChanges = { ended: 0, told: 0 };
    const told = new Set<string>();
    for (const one of [...this.#open]) {
      if (one.policies === policies) continue;
      if (!policies.decide(one.question).allowed) {
        one.stream.close(new Error('the caller may not listen any more'));
        changes.ended += 1;
        continue;
      }
      const changed = changedNotices(one, policies);
      one.policies = policies;
      for (const notice of changed) {
        // "MUST NOT broadcast": a session may have several streams (2025-11-25, "Multiple Connections").
        const recipient = one.session === undefined ? undefined : `${notice} ${one.session}`;
        if (recipient !== undefined && told.has(recipient)) continue;
        if (recipient !== undefined) told.add(recipient);
        one.stream.insert(writeEvent(noticeText(notice, one.listen)), { afterFirst: one.listen !== undefined });
        changes.told += 1;
      }
    }
    return changes;
  }

  /** Nobody guards these streams any more. */
  endAll(): StreamChanges {
    const streams = [...this.#open];
    for (const { stream } of streams) stream.close(new Error('the route is no longer guarded'));
    return { ended: streams.length, told: 0 };
  }
}

/** Lists that the caller asked to hear about and of which they now see something else. */
function changedNotices(one: Watched, policies: PolicySet): Notice[] {
  if (one.policies.hash === policies.hash) return [];
  const before = one.policies.viewOf(one.question);
  const after = policies.viewOf(one.question);
  return notices.filter(
    (notice) =>
      isAskedFor(notice, one.listen) &&
      kindsOf[notice].some((kind) => {
        for (const item of one.items.of(kind)) if (before.shows(kind, item) !== after.shows(kind, item)) return true;
        return false;
      }),
  );
}

function isAskedFor(notice: Notice, listen: Message | undefined): boolean {
  if (listen === undefined) return true;
  const filter = filterOf(listen);
  return filter?.get(askedBy[notice]) === true;
}

function filterOf(listen: Message): JsonObject | undefined {
  const filter = listen.kind === 'response' ? undefined : listen.params?.get('notifications');
  return isObject(filter) ? filter : undefined;
}

/** Messages on a listen stream carry the id of the call that opened it. */
function noticeText(notice: Notice, listen: Message | undefined): string {
  const id: MessageId | undefined = listen?.id;
  const params =
    id === undefined ? '' : `,"params":{"_meta":{"io.modelcontextprotocol/subscriptionId":${stringify(id)}}}`;
  return `{"jsonrpc":"2.0","method":"notifications/${notice}/list_changed"${params}}`;
}
