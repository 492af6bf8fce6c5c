/** A text of which some pieces are known; `undefined` stands for a piece that can be any text. */
export type TextPieces = readonly (string | undefined)[];

/** Whether all known pieces are such as stand in numbers. */
export function canBeNumeric(pieces: TextPieces): boolean {
  return pieces.every((piece) => piece === undefined || /^[-+.0-9eE]*$/.test(piece));
}

/** Whether `text` can be cut so that the pieces stand in it in order, at its start and end where that is asked. */
export function canMatch(pieces: TextPieces, text: string, atStart = true, atEnd = true): boolean {
  let position = 0;
  let limit = text.length;
  const inner = [...pieces];
  const first = inner[0];
  if (atStart && first !== undefined) {
    if (!text.startsWith(first)) return false;
    position = first.length;
    inner.shift();
    if (atEnd && inner.length === 0) return position === limit;
  }
  const last = inner.at(-1);
  if (atEnd && last !== undefined) {
    if (!text.endsWith(last) || limit - last.length < position) return false;
    limit -= last.length;
    inner.pop();
  }
  for (const piece of inner) {
    if (piece === undefined) continue;
    const found = text.indexOf(piece, position);
    if (found < 0 || found + piece.length > limit) return false;
    position = found + piece.length;
  }
  return true;
}
