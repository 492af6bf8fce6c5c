import { type Document, LineCounter, parseAllDocuments, visit, type YAMLError } from 'yaml';
import type { Diagnostic } from '../../errors.ts';
import { maskUnparsed } from './mask.ts';
import { DocumentFault, plainValue } from './plain-value.ts';
import { createSourceDocument, type SourceDocument } from './source-document.ts';

/** Largest file that is read, in bytes. */
export const maxFileSize = 8 * 1024 * 1024;
const maxReported = 3;

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
        text: maskUnparsed(lineText, text).replaceAll('\t', ' '),
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
    // Checked by plainValue: the library compares every key with every other.
    uniqueKeys: false,
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
        ...errors.map((error) =>
          fault(describe(error), faultOffset(error, document), error.pos[1], syntaxHints[error.code]),
        ),
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
  if (diagnostics.length === 0) return { documents, diagnostics };
  // One fault makes the parser stumble several times in the same place.
  const first = diagnostics.filter(
    ({ at }, index) => diagnostics.findIndex((other) => other.at?.line === at?.line) === index,
  );
  return { documents: [], diagnostics: first.slice(0, maxReported) };
}

function decodeUtf8(content: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return undefined;
  }
}

/**
 * The library's messages may quote the text they stumbled over, so none of them is passed on. A pattern tells faults
 * apart that have one code.
 */
const syntaxMessages: readonly {
  readonly code?: YAMLError['code'];
  readonly says?: RegExp;
  readonly message: string;
}[] = [
  { says: /closing .quote/, message: 'a quote that is opened here is never closed' },
  { says: /^Missing , /, message: 'a comma is missing before this' },
  { says: /^Flow .*end with a \}/, message: 'the `{` above is not closed with `}`' },
  { says: /^Flow .*end with a \]/, message: 'the `[` above is not closed with `]`' },
  { says: /Missing space/, message: 'a space is missing here' },
  { code: 'BAD_DQ_ESCAPE', message: 'this escape sequence is not known in double-quoted text' },
  { code: 'BAD_SCALAR_START', message: 'a plain value cannot start with this character' },
  { code: 'BAD_INDENT', message: 'the indentation does not fit what stands above' },
  { code: 'BLOCK_AS_IMPLICIT_KEY', message: 'there is a second `: ` on this line' },
  { code: 'MULTILINE_IMPLICIT_KEY', message: 'a `:` is missing after this' },
  { code: 'NON_STRING_KEY', message: 'a key must be plain text' },
  { code: 'RESOURCE_EXHAUSTION', message: 'the document is nested too deeply' },
  { code: 'TAB_AS_INDENT', message: 'a tab is used for indentation' },
  { code: 'TAG_RESOLVE_FAILED', message: 'tags (words that begin with !) are not supported' },
  { code: 'UNEXPECTED_TOKEN', message: 'this cannot stand here' },
];

const syntaxHints: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  BAD_SCALAR_START: 'put the value in single quotes',
  BLOCK_AS_IMPLICIT_KEY: 'put a value that contains `: ` in single quotes, or begin a new line for the second key',
  TAB_AS_INDENT: 'indent with spaces',
  TAG_RESOLVE_FAILED: 'put a value that begins with ! in single quotes',
};

function describe({ code, message }: YAMLError): string {
  const known = syntaxMessages.find((entry) => (entry.code ?? code) === code && (entry.says?.test(message) ?? true));
  return known?.message ?? `this is not well-formed YAML (${code.toLowerCase().replaceAll('_', ' ')})`;
}

/** Where to point: at the quote that is opened, not at the end of the file where the parser noticed. */
function faultOffset(error: YAMLError, document: Document): number {
  let opened: number | undefined;
  if (/closing .quote/.test(error.message)) {
    visit(document, {
      Scalar: (_, { range }) => {
        if (range?.[1] === error.pos[0]) opened = range[0];
      },
    });
  }
  return opened ?? error.pos[0];
}

function hintFor(line: string): string | undefined {
  return /\{\{/.test(line) ? 'Go templates ({{ … }}) are not supported in configuration files' : undefined;
}
