import { Buffer } from 'node:buffer';
import { JsonError } from '../http/json.ts';
import { type AnswerParts, mayHaveParts, readParts } from './answer-parts.ts';
import { type Edit, splice } from './splice.ts';
import { EventSplitter, readEvent, replaceData, type SseEvent } from './sse.ts';

/** An answer that has, or may have, something to filter but cannot be read in one way only: it must not reach the caller. */
export class UnfilterableAnswer extends Error {
  override readonly name = 'UnfilterableAnswer';
}

/** Filters one exchange's answers, in JSON and in events. What is not taken out stays as the upstream wrote it. */
export class AnswerFilter {
  readonly #edit: (parts: AnswerParts) => readonly Edit[];

  /** @param edit - what must change in an answer for its reader */
  constructor(edit: (parts: AnswerParts) => readonly Edit[]) {
    this.#edit = edit;
  }

  /**
   * @returns the bytes for the caller: the same ones when nothing had to change
   * @throws {UnfilterableAnswer}
   */
  filterJson(bytes: Buffer): Buffer {
    const text = this.#filter(bytes);
    return text === undefined ? bytes : Buffer.from(text, 'utf8');
  }

  /**
   * The rewrite of an event stream (see `EventStream`): other data for an event, or undefined to leave it.
   *
   * @throws {UnfilterableAnswer}
   */
  readonly filterEvent = ({ data }: SseEvent): string | undefined => {
    return data === undefined ? undefined : this.#filter(data);
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

  #filter(answer: Buffer | string): string | undefined {
    if (!mayHaveParts(answer)) return undefined;
    let parts: AnswerParts;
    try {
      parts = readParts(answer);
    } catch (error) {
      if (error instanceof JsonError)
        throw new UnfilterableAnswer(`an answer that may hold a list or capabilities: ${error.message}`);
      throw error;
    }
    const edits = this.#edit(parts);
    return edits.length === 0 ? undefined : splice(parts.text, edits);
  }
}
