import type { CST } from 'yaml';

/**
 * Maps a decoded string back to where its characters stand in the source.
 *
 * @param token the scalar's token of the concrete syntax tree
 * @param text the decoded string, as the YAML library gave it
 * @returns for every UTF-16 unit of `text`, and for its end, the offset in the source; undefined when the two do not
 *   agree (then only the beginning of the scalar is certain)
 */
export function sourceOffsets(token: CST.Token, text: string): readonly number[] | undefined {
  switch (token.type) {
    case 'scalar':
    case 'single-quoted-scalar':
    case 'double-quoted-scalar':
      return flowOffsets(token.type, token.source, token.offset, text);
    case 'block-scalar': {
      const header = token.props.reduce((length, part) => length + ('source' in part ? part.source.length : 0), 0);
      return blockOffsets(token.source, token.offset + header, text);
    }
    default:
      return undefined;
  }
}

const escapes: Readonly<Record<string, string>> = {
  0: '\0',
  a: '\x07',
  b: '\b',
  e: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  N: '\x85',
  _: '\xa0',
  L: '\u2028',
  P: '\u2029',
};
const escapeDigits: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** White space around at least one line break: one break becomes a space, each further one a line break (YAML 1.2.2 §6.5). */
const fold = /[ \t]*\r?\n(?:[ \t]|\r?\n)*/y;
const escapedBreak = /\\\r?\n[ \t]*/y;

function flowOffsets(style: string, source: string, base: number, text: string): readonly number[] | undefined {
  const quote = style === 'scalar' ? 0 : 1;
  const end = source.length - quote;
  const offsets: number[] = [];
  let decoded = '';
  const emit = (characters: string, at: number): void => {
    decoded += characters;
    for (let index = 0; index < characters.length; index++) offsets.push(base + at);
  };
  for (let at = quote; at < end; ) {
    const character = source[at] ?? '';
    const broken = matchAt(fold, source, at);
    if (broken !== undefined) {
      const breaks = broken.split('\n').length - 1;
      emit(breaks === 1 ? ' ' : '\n'.repeat(breaks - 1), at);
      at += broken.length;
    } else if (style === 'single-quoted-scalar' && character === "'") {
      emit("'", at);
      at += 2;
    } else if (style === 'double-quoted-scalar' && character === '\\') {
      const joined = matchAt(escapedBreak, source, at);
      const letter = source[at + 1] ?? '';
      const digits = escapeDigits[letter];
      if (joined !== undefined) {
        at += joined.length;
      } else if (digits !== undefined) {
        emit(codePoint(source.slice(at + 2, at + 2 + digits)), at);
        at += 2 + digits;
      } else {
        emit(escapes[letter] ?? letter, at);
        at += 2;
      }
    } else {
      emit(character, at);
      at += 1;
    }
  }
  offsets.push(base + end);
  return decoded === text ? offsets : undefined;
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function codePoint(hex: string): string {
  const code = Number.parseInt(hex, 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : '';
}

/**
 * A block scalar's lines, less their indentation, stand in the decoded text in order; between them are only the line
 * breaks and spaces that folding made. So the lines are looked for one after the other.
 */
function blockOffsets(source: string, base: number, text: string): readonly number[] | undefined {
  const offsets: number[] = [];
  const indent = blockIndent(source, text);
  let at = 0;
  for (const line of source.split('\n')) {
    const content = line.slice(Math.min(indent, leadingSpaces(line))).replace(/\r$/, '');
    const start = base + at + Math.min(indent, leadingSpaces(line));
    if (content !== '') {
      while (offsets.length < text.length && !text.startsWith(content, offsets.length)) {
        if (!/[\n ]/.test(text[offsets.length] ?? '')) return undefined;
        offsets.push(base + Math.max(0, at - 1));
      }
      if (offsets.length < text.length) {
        for (let index = 0; index < content.length; index++) offsets.push(start + index);
      } else if (content.trim() !== '') {
        return undefined;
      }
    }
    at += line.length + 1;
  }
  const end = base + source.length;
  while (offsets.length < text.length) {
    if (text[offsets.length] !== '\n') return undefined;
    offsets.push(end);
  }
  offsets.push(end);
  return offsets;
}

/** Columns that the scalar's lines have in common; a text that begins with spaces was written with an indentation indicator. */
function blockIndent(source: string, text: string): number {
  const first = source.split('\n').find((line) => line.trim() !== '') ?? '';
  const own = leadingSpaces(text.split('\n').find((line) => line.trim() !== '') ?? '');
  return leadingSpaces(first) - own;
}

function leadingSpaces(line: string): number {
  return /^ */.exec(line)?.[0].length ?? 0;
}
