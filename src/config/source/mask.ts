import type { KeyPath } from '../dynamic/model.ts';

/**
 * Excerpts of an operator's file go to terminals, logs and tickets, so what may be a secret is covered in them. The
 * cover has the width of what it covers, to keep columns.
 */

/** Key names whose values are covered, wherever they stand. */
const secretName =
  /secret|passw|token|credential|authorization|api-?key|private-?key|session-?key|cookie|^key$|^users$/i;
/** Key names that match the pattern above but hold names or switches. */
const harmlessName =
  /^(?:secret(?:Name|Names)?|certificatesSecrets|rootCAsSecrets|caSecret|certSecret|signingSecretBase64Encoded|(?:forward|strip)Authorization(?:Header)?|authorizationServers|tokenKey|tokenQueryKey|addAuthCookiesToResponse|sticky|cookie)$/;

/** True when a scalar at this path may be a secret. A reference to a secret is none. */
export function maybeSecret(path: KeyPath, text: string, secretObject: boolean): boolean {
  if (/^(?:urn:k8s:secret:|Bearer urn:k8s:secret:)/.test(text) || text === '') return false;
  if (secretObject && (path.includes('data') || path.includes('stringData'))) return true;
  if (/-----BEGIN [A-Z ]*PRIVATE KEY/.test(text)) return true;
  return path.some((step) => typeof step === 'string' && secretName.test(step) && !harmlessName.test(step));
}

/** Covers `[from, to)` of a text. */
export function cover(text: string, from: number, to: number): string {
  const start = Math.max(0, from);
  const end = Math.min(text.length, to);
  return end <= start ? text : text.slice(0, start) + '*'.repeat(end - start) + text.slice(end);
}

/** For text that could not be parsed: covers what follows a telling key, and every value of a file that holds a Secret. */
export function maskUnparsed(line: string, file: string): string {
  const entry = /^(\s*(?:- +)?["']?([^\s:"']+)["']?\s*:\s*)(.+)$/.exec(line);
  const everything =
    /^\s*["']?kind["']?\s*:\s*["']?Secret\b/m.test(file) &&
    !/^(?:apiVersion|kind|name|namespace|type)$/.test(entry?.[2] ?? '');
  const [, before = '', key = ''] = entry ?? [];
  if (entry === null) return everything ? cover(line, line.search(/\S|$/), line.length) : line;
  return everything || maybeSecret([key], line.slice(before.length), false)
    ? cover(line, before.length, line.length)
    : line;
}
