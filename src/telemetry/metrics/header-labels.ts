import type { HeaderFields } from '../../http/headers.ts';
import { isCredentialHeader, redacted, scrub } from '../scrub.ts';

/** Most values of one header that become labels; clients make up as many as they like. */
const mostValues = 100;
const longestValue = 128;

/** Values of labels that the operator takes out of request headers. */
export class HeaderLabels {
  readonly #headers: readonly { readonly lowerName: string; readonly seen: Set<string> }[];

  constructor(names: readonly string[]) {
    this.#headers = names.map((name) => ({ lowerName: name.toLowerCase(), seen: new Set() }));
  }

  /** One value per label, empty where the request has no such header. */
  read(headers: HeaderFields): readonly string[] {
    return this.#headers.map(({ lowerName, seen }) => {
      const value = headers.get(lowerName);
      if (value === undefined || value === '') return '';
      if (isCredentialHeader(lowerName)) return redacted;
      const text = scrub(value);
      if (seen.has(text)) return text;
      if (seen.size >= mostValues || text.length > longestValue) return '_other';
      seen.add(text);
      return text;
    });
  }
}
