/** Where a part of a text stands: from `start` up to, not including, `end`. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

/** A part of a text, and what stands there instead. */
export interface Edit extends Place {
  readonly text: string;
}

/** The text with all edits made, which do not overlap. Every other character stays. */
export function splice(text: string, edits: readonly Edit[]): string {
  let spliced = '';
  let from = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    spliced += text.slice(from, edit.start) + edit.text;
    from = edit.end;
  }
  return spliced + text.slice(from);
}

/**
 * Edits that take elements out of a JSON array, or members out of an object, each with one of the commas beside it.
 * Every character of what stays is kept.
 *
 * @param elements - all of them, in order
 */
export function takeOut<Element extends Place>(
  elements: readonly Element[],
  stays: (element: Element) => boolean,
): Edit[] {
  const edits: Edit[] = [];
  let kept: Element | undefined;
  let gone: Place | undefined;
  const flush = (next: Element | undefined): void => {
    if (gone === undefined) return;
    // With the first ones goes the comma after them, with all others the one before.
    const end = kept === undefined && next !== undefined ? next.start : gone.end;
    edits.push({ start: kept?.end ?? gone.start, end, text: '' });
    gone = undefined;
  };
  for (const element of elements) {
    if (stays(element)) {
      flush(element);
      kept = element;
    } else gone = { start: gone?.start ?? element.start, end: element.end };
  }
  flush(undefined);
  return edits;
}
