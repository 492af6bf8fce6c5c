import { domainToASCII } from 'node:url';

/** What the argument of `Host` means. */
export type HostArgument =
  | { readonly kind: 'any' }
  | { readonly kind: 'exact'; readonly host: string }
  /** All hosts one label below `parent`. */
  | { readonly kind: 'wildcard'; readonly parent: string }
  | { readonly kind: 'invalid'; readonly message: string; readonly hint?: string };

/**
 * Reads the argument of `Host`: a host name in any case, `*.` and a host name (exactly one label more), or `*` for every
 * request. Only ASCII: international names are written in punycode (RFC 3492). A dot at the end does not count.
 */
export function parseHostArgument(text: string): HostArgument {
  if (text === '*') return { kind: 'any' };
  if (/[^\x20-\x7e]/.test(text)) {
    const ascii = domainToASCII(text);
    return {
      kind: 'invalid',
      message: 'A host may only have ASCII characters.',
      hint: ascii === '' ? 'Write it in punycode.' : `Write ${ascii}.`,
    };
  }
  const lower = text.toLowerCase();
  if (/^\[?[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*\]?$/.test(lower)) {
    return { kind: 'exact', host: lower.replace(/^\[|\]$/g, '') };
  }
  const wildcard = lower.startsWith('*.');
  const name = canonicalHost(wildcard ? lower.slice(2) : lower);
  if (!/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(name)) {
    return { kind: 'invalid', message: `\`${text}\` is not a host name.`, hint: hintFor(lower) };
  }
  return wildcard ? { kind: 'wildcard', parent: name } : { kind: 'exact', host: name };
}

/** A lower-case host without the dot that marks a complete name. */
export function canonicalHost(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

/** What follows the first label, or undefined for a name of one label. */
export function parentOf(host: string): string | undefined {
  const dot = host.indexOf('.');
  return dot <= 0 ? undefined : host.slice(dot + 1);
}

function hintFor(text: string): string {
  if (/^[^/]*:[0-9]+$/.test(text)) return 'Leave the port out: hosts are compared without it.';
  if (text.includes('/')) return 'Write the path in PathPrefix(…).';
  if (/[*{}^$()[\]\\|+?]/.test(text))
    return 'Write patterns in HostRegexp(…); `*.` may only stand for the first label.';
  return 'Write a name such as mcp.example.com.';
}
