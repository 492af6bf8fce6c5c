import { Buffer } from 'node:buffer';
import type { HeaderFields } from '../http/headers.ts';
import { JsonNumber, type JsonValue } from '../http/json.ts';

/**
 * A header name as a careless upstream may read it: CGI, WSGI and many frameworks take `-`, `_` and `.` for each other, and
 * case never counts. Names with equal folds are one name to us.
 */
export function foldHeaderName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** Remembered answers; clients choose header names, so there is an end to it. */
const maxRemembered = 512;

/**
 * Headers that only the gateway may set, because upstreams take them for the caller's identity. What a client sends under
 * these names, or under any that fold to them, is dropped (CVE-2025-64484, CVE-2026-39858).
 */
export class ManagedHeaders {
  readonly #folds: ReadonlySet<string>;
  readonly #remembered = new Map<string, boolean>();

  constructor(names: Iterable<string>) {
    this.#folds = new Set(Array.from(names, foldHeaderName));
  }

  /** Removes them from a request; says how many there were. */
  drop(headers: HeaderFields): number {
    return this.#folds.size === 0 ? 0 : headers.deleteWhere(this.#isManaged);
  }

  readonly #isManaged = (lowerName: string): boolean => {
    const known = this.#remembered.get(lowerName);
    if (known !== undefined) return known;
    const managed = this.#folds.has(foldHeaderName(lowerName));
    if (this.#remembered.size >= maxRemembered) this.#remembered.clear();
    this.#remembered.set(lowerName, managed);
    return managed;
  };
}

/** Fields that frame or route a message; a claim must never decide them. */
const reserved = new Set(
  [
    'connection',
    'content-length',
    'content-type',
    'content-encoding',
    'expect',
    'forwarded',
    'host',
    'keep-alive',
    'proxy-authorization',
    'proxy-connection',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
  ].map(foldHeaderName),
);

/** Why a name cannot be used for an identity header, or undefined when it can. */
export function identityHeaderProblem(name: string): string | undefined {
  if (!/^[A-Za-z0-9-]+$/.test(name)) return 'a header name has letters, digits and hyphens only';
  const fold = foldHeaderName(name);
  if (fold === '') return 'a header name needs a letter or a digit';
  if (reserved.has(fold)) return 'this header frames or routes the message';
  if (name.toLowerCase().startsWith('mcp-')) return 'Mcp- headers belong to the protocol';
  return undefined;
}

/**
 * A claim as a header value, or undefined when it has none: absent, null, an object, or an array of anything but plain
 * values. Elements of an array are joined with `,`. Inside an element a comma, a percent sign, control and non-ASCII
 * characters and blanks at the ends are percent-encoded, so that splitting and decoding give back exactly what was signed.
 */
export function identityHeaderValue(claim: JsonValue | undefined): string | undefined {
  if (!Array.isArray(claim)) return claim === undefined ? undefined : element(claim);
  const elements: string[] = [];
  for (const member of claim) {
    const text = element(member);
    if (text === undefined) return undefined;
    elements.push(text);
  }
  return elements.length === 0 ? undefined : elements.join(',');
}

function element(value: JsonValue): string | undefined {
  if (typeof value === 'string') return escapeElement(value);
  if (typeof value === 'boolean') return String(value);
  return value instanceof JsonNumber ? value.text : undefined;
}

function escapeElement(text: string): string {
  return text.replace(/[^\x20-\x7e]|[%,]|^ +| +$/gu, percentEncode);
}

function percentEncode(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text, 'utf8')) encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return encoded;
}

/** The plain text of a scalar claim, for logs; undefined for anything else. */
export function claimText(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  return value instanceof JsonNumber ? value.text : undefined;
}
