import { type CST, type Document, isCollection, isScalar, type LineCounter, type Node } from 'yaml';
import type { Position } from '../../errors.ts';
import type { KeyPath, LocateOptions, Span } from '../dynamic/model.ts';
import { eachScalar, findNode } from './find-node.ts';
import { cover, maybeSecret } from './mask.ts';
import { isPlainObject } from './plain-value.ts';
import { sourceOffsets } from './scalar-offsets.ts';

/** One document of a file: its data, and where each piece of it is written. */
export interface SourceDocument {
  readonly file: string;
  /** Plain data: objects, arrays, strings, numbers, booleans, null. */
  readonly value: unknown;
  /** Finds the place of a path; of a path that is not there, the nearest thing around it. */
  locate(path: KeyPath, options?: LocateOptions): Span;
  /** The text of a line, what may be a secret covered. */
  line(position: Position): string | undefined;
}

/** What a parsed document is made from. */
export interface ParsedDocument {
  readonly file: string;
  readonly text: string;
  readonly document: Document;
  readonly value: unknown;
  readonly lines: LineCounter;
}

export function createSourceDocument({ file, text, document, value, lines }: ParsedDocument): SourceDocument {
  let secrets: readonly (readonly [number, number])[] | undefined;

  /** Places on one line: what goes past the line's end is cut. */
  function span(from: number, to: number): Span {
    const { line, col } = lines.linePos(from);
    const end = lineEnd(text, from);
    return { file, line, column: col, length: Math.max(1, Math.min(to, end) - from) };
  }

  function spanOf(node: Node): Span {
    const [from = 0, to = from] = node.range ?? [];
    return span(from, to);
  }

  function spanInside(node: Node, offset: number, length: number): Span | undefined {
    const token = node.srcToken as CST.Token | undefined;
    if (!isScalar(node) || token === undefined || typeof node.source !== 'string') return undefined;
    const offsets = sourceOffsets(token, node.source);
    const from = offsets?.[Math.min(offset, node.source.length)];
    if (offsets === undefined || from === undefined) return undefined;
    return span(from, offsets[Math.min(offset + length, node.source.length)] ?? from + 1);
  }

  return {
    file,
    value,
    locate(path, options = {}) {
      const { key, value: node, exact } = findNode(document, path);
      if (exact && !options.key && node !== undefined) {
        if (options.offset !== undefined) {
          const inside = spanInside(node, options.offset, options.length ?? 1);
          if (inside !== undefined) return inside;
        }
        // A block collection begins below its key, an empty value nowhere: the key says more.
        const shown = isCollection(node) ? node.flow === true : isScalar(node) && node.source !== '';
        if (shown) return spanOf(node);
      }
      const place = key ?? node ?? document.contents;
      return place === null ? span(document.range?.[0] ?? 0, 0) : spanOf(place);
    },
    line(position) {
      const start = lines.lineStarts[position.line - 1];
      if (start === undefined) return undefined;
      secrets ??= secretRanges(document, value);
      let shown = text.slice(start, lineEnd(text, start));
      for (const [from, to] of secrets) {
        const indent = from < start ? (/^\s*/.exec(shown)?.[0].length ?? 0) : 0;
        shown = cover(shown, Math.max(from - start, indent), to - start);
      }
      return shown;
    },
  };
}

function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  const stop = end === -1 ? text.length : end;
  return stop > offset && text[stop - 1] === '\r' ? stop - 1 : stop;
}

function secretRanges(document: Document, value: unknown): readonly (readonly [number, number])[] {
  const ranges: (readonly [number, number])[] = [];
  const secretObject = isPlainObject(value) && (value['kind'] === 'Secret' || value['kind'] === 'List');
  eachScalar(document, (node, path) => {
    const text = typeof node.source === 'string' ? node.source : '';
    if (maybeSecret(path, text, secretObject)) ranges.push([node.range?.[0] ?? 0, node.range?.[1] ?? 0]);
  });
  return ranges;
}
