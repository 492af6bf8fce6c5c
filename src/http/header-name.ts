import { NameTable, ownString } from './name-table.ts';

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const unclean = /[^\t\x20-\x7e\x80-\xff]/;
const longestRemembered = 256;

/** A field's name as it was spelled once, and what follows from it. The same few come with each message. */
export class HeaderName {
  readonly spelled: string;
  readonly lower: string;
  /** It may stand in a head (RFC 9110 §5.1). */
  readonly isToken: boolean;
  /** The last value that was looked at: messages of one client have most of them in common. */
  #clean = '';

  constructor(spelled: string) {
    this.spelled = ownString(spelled);
    this.lower = ownString(spelled.toLowerCase());
    this.isToken = token.test(spelled);
  }

  /** True when HTTP has a form for a field with this name and that value (RFC 9110 §5.5). */
  carries(value: string): boolean {
    if (!this.isToken) return false;
    if (value === this.#clean) return true;
    if (unclean.test(value)) return false;
    if (value.length <= longestRemembered) this.#clean = value;
    return true;
  }
}

const remembered = new NameTable<HeaderName>();

/** Looks a name up, spelled as it came. */
export function headerName(spelled: string): HeaderName {
  const known = remembered.get(spelled);
  if (known !== undefined) return known;
  const found = new HeaderName(spelled);
  remembered.keep(spelled, found);
  return found;
}
