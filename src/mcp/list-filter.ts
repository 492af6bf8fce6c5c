import { JsonError, type JsonValue, scanJson, scanJsonText, stringify } from '../http/json.ts';
import { filterLists, type ShowItem } from './lists.ts';
import { answerDepth } from './outcome.ts';
import { EventSplitter, readEvent, replaceData, type SseEvent } from './sse.ts';

/** An answer that holds, or may hold, a list but cannot be read in one way only: it must not reach the caller. */
export class UnfilterableAnswer extends Error {
  override readonly name = 'UnfilterableAnswer';
}

/** Filters the lists of one exchange's answers, in JSON and in events. */
export class ListFilter {
  readonly #show: ShowItem;
  readonly #seen: (message: JsonValue, hidden: number) => void;

  /**
   * @param show - says whether the caller may see an item
   * @param seen - gets every message that was read, as the upstream sent it, and how many items were taken out
   */
  constructor(show: ShowItem, seen: (message: JsonValue, hidden: number) => void) {
    this.#show = show;
    this.#seen = seen;
  }

  /**
   * @returns the bytes for the caller: the same ones when nothing had to change
   * @throws {UnfilterableAnswer}
   */
  filterJson(bytes: Buffer): Buffer {
    if (!mayHoldList(bytes)) return bytes;
    const text = this.#filter(() => scanJson(bytes, { maxDepth: answerDepth }));
    return text === undefined ? bytes : Buffer.from(text, 'utf8');
  }

  /**
   * The rewrite of an event stream (see `EventStream`): other data for an event, or undefined to leave it.
   *
   * @throws {UnfilterableAnswer}
   */
  readonly filterEvent = (event: SseEvent): string | undefined => {
    const { data } = event;
    if (data === undefined || !mayHoldList(data)) return undefined;
    return this.#filter(() => scanJsonText(data, { maxDepth: answerDepth }));
  };

  /** A stream that is here whole. */
  filterEvents(bytes: Buffer): Buffer {
    const out: Buffer[] = [];
    const rewrite = (raw: Buffer): void => {
      const data = this.filterEvent(readEvent(raw));
      out.push(data === undefined ? raw : replaceData(raw, data));
    };
    const splitter = new EventSplitter(bytes.length);
    splitter.push(bytes, rewrite);
    rewrite(splitter.rest());
    return Buffer.concat(out);
  }

  #filter(scan: () => JsonValue): string | undefined {
    let message: JsonValue;
    try {
      message = scan();
    } catch (error) {
      if (error instanceof JsonError) throw new UnfilterableAnswer(`an answer that may hold a list: ${error.message}`);
      throw error;
    }
    const filtered = filterLists(message, this.#show);
    this.#seen(message, filtered.hidden);
    return filtered.changed ? stringify(filtered.message) : undefined;
  }
}

/** An answer that may hold a list, read; undefined when it holds none or cannot be read in one way only. */
export function readList(answer: Buffer | string): JsonValue | undefined {
  if (!mayHoldList(answer)) return undefined;
  try {
    const options = { maxDepth: answerDepth };
    return typeof answer === 'string' ? scanJsonText(answer, options) : scanJson(answer, options);
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

/** Only a message with a `result` can hold a list; an escape could spell that word. */
function mayHoldList(text: Buffer | string): boolean {
  return text.includes('result') || text.includes('\\u');
}
