import { type Document, LineCounter, parseAllDocuments, type YAMLError } from 'yaml';
import type { Diagnostic } from '../../errors.ts';
import { maskUnparsed } from './mask.ts';
import { DocumentFault, plainValue } from './plain-value.ts';
import { createSourceDocument, type SourceDocument } from './source-document.ts';

/** Largest file that is read, in bytes. */
export const maxFileSize = 8 * 1024 * 1024;
const maxReported = 5;

/** The documents of a file, or (never both) what keeps it from being read. */
export interface ParsedSource {
  readonly documents: readonly SourceDocument[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Parses a YAML 1.2 or JSON file of any number of documents; empty documents are left out. Keys are strings, duplicate
 * keys are errors, `<<` merges as it does for Traefik and kubectl, tags are refused.
 *
 * @param file name used in positions
 * @param content bytes (UTF-8) or text
 */
export function parseSource(file: string, content: Uint8Array | string): ParsedSource {
  const refuse = (message: string, hint?: string): ParsedSource => ({
    documents: [],
    diagnostics: [{ code: 'CONFIG_UNREADABLE', severity: 'error', message, hint, at: { file, line: 1, column: 1 } }],
  });
  if (content.length > maxFileSize)
    return refuse(`the file is larger than ${maxFileSize / 1024 / 1024} MiB`, 'split it');
  const text = typeof content === 'string' ? content : decodeUtf8(content);
  if (text === undefined) return refuse('the file is not UTF-8 text', 'save it as UTF-8');

  const lines = new LineCounter();
  const fault = (message: string, from: number, to: number, hint?: string): Diagnostic => {
    const { line, col } = lines.linePos(Math.min(from, text.length));
    const lineText = text.split('\n')[line - 1]?.replace(/\r$/, '') ?? '';
    return {
      code: 'CONFIG_SYNTAX',
      severity: 'error',
      message,
      hint: hint ?? hintFor(lineText),
      at: { file, line, column: col },
      excerpt: {
        text: maskUnparsed(lineText, text),
        column: col,
        length: Math.max(1, Math.min(to - from, lineText.length - col + 1)),
      },
    };
  };

  const parsed = parseAllDocuments(text, {
    lineCounter: lines,
    keepSourceTokens: true,
    merge: true,
    stringKeys: true,
    prettyErrors: false,
    resolveKnownTags: false,
    logLevel: 'silent',
  });
  const documents: SourceDocument[] = [];
  const diagnostics: Diagnostic[] = [];
  // The library's empty stream is an array too.
  for (const document of parsed as readonly Document.Parsed[]) {
    const errors = [...document.errors, ...document.warnings];
    if (errors.length > 0) {
      diagnostics.push(
        ...errors.map((error) => fault(describe(error), error.pos[0], error.pos[1], syntaxHints[error.code])),
      );
      continue;
    }
    if (document.directives.yaml.explicit === true && document.directives.yaml.version !== '1.2') {
      diagnostics.push(
        fault('only YAML 1.2 is read', document.range[0], document.range[0], 'remove the %YAML directive'),
      );
      continue;
    }
    try {
      const value = plainValue(document);
      if (value !== null) documents.push(createSourceDocument({ file, text, document, value, lines }));
    } catch (error) {
      if (!(error instanceof DocumentFault)) throw error;
      diagnostics.push(fault(error.message, error.offset, error.offset + 1, error.hint));
    }
  }
  return diagnostics.length > 0
    ? { documents: [], diagnostics: diagnostics.slice(0, maxReported) }
    : { documents, diagnostics };
}

function decodeUtf8(content: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return undefined;
  }
}

/** The library's messages may quote the text they stumbled over, so only those parts are kept that cannot. */
const syntaxMessages: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  BAD_DQ_ESCAPE: 'unknown escape sequence in a double-quoted text',
  BAD_SCALAR_START: 'a plain value cannot start with this character',
  BAD_INDENT: 'the indentation does not fit what stands above',
  BLOCK_AS_IMPLICIT_KEY: 'a second `: ` on one line',
  DUPLICATE_KEY: 'this key stands here twice',
  MULTILINE_IMPLICIT_KEY: 'a key, or the `:` after it, is missing',
  MISSING_CHAR: 'something is missing: a closing quote or bracket, a `:` or a space',
  NON_STRING_KEY: 'a key must be plain text',
  RESOURCE_EXHAUSTION: 'the document is nested too deeply',
  TAB_AS_INDENT: 'a tab is used for indentation',
  TAG_RESOLVE_FAILED: 'tags (words that begin with !) are not supported',
  UNEXPECTED_TOKEN: 'this cannot stand here',
};

const syntaxHints: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  BAD_SCALAR_START: 'put the value in single quotes',
  BLOCK_AS_IMPLICIT_KEY: 'put a value that contains `: ` in single quotes, or begin a new line for the second key',
  DUPLICATE_KEY: 'remove one of them',
  TAB_AS_INDENT: 'indent with spaces',
  TAG_RESOLVE_FAILED: 'put a value that begins with ! in single quotes',
};

function describe(error: YAMLError): string {
  return (
    syntaxMessages[error.code] ?? `this is not well-formed YAML (${error.code.toLowerCase().replaceAll('_', ' ')})`
  );
}

function hintFor(line: string): string | undefined {
  return /\{\{|\}\}/.test(line) ? 'Go templates ({{ … }}) are not supported in configuration files' : undefined;
}
