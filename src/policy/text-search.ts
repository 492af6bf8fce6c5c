/**
 * Finding a text in a text in linear time. The built-in search is quick but takes the product of both lengths in the worst
 * case, and a caller may choose both; it is used only for needles so short that this cannot hurt.
 */
export interface Finder {
  /** The first place at or after `from`, or -1. */
  find(text: string, from: number): number;
}

const short = 32;

/** Prepares the search for a needle that is not empty. */
export function finderOf(needle: string): Finder {
  if (needle.length <= short) return { find: (text, from) => text.indexOf(needle, from) };
  const borders = bordersOf(needle);
  return { find: (text, from) => knuthMorrisPratt(needle, borders, text, from) };
}

/** For each length of a prefix: the length of its longest proper prefix that is also its suffix. */
function bordersOf(needle: string): Int32Array {
  const borders = new Int32Array(needle.length + 1);
  let border = 0;
  for (let length = 2; length <= needle.length; length += 1) {
    const code = needle.charCodeAt(length - 1);
    while (border > 0 && needle.charCodeAt(border) !== code) border = borders[border] ?? 0;
    if (needle.charCodeAt(border) === code) border += 1;
    borders[length] = border;
  }
  return borders;
}

function knuthMorrisPratt(needle: string, borders: Int32Array, text: string, from: number): number {
  let matched = 0;
  for (let position = from; position < text.length; position += 1) {
    const code = text.charCodeAt(position);
    while (matched > 0 && needle.charCodeAt(matched) !== code) matched = borders[matched] ?? 0;
    if (needle.charCodeAt(matched) === code) matched += 1;
    if (matched === needle.length) return position - matched + 1;
  }
  return -1;
}
