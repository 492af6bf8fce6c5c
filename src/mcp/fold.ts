import { NameTable } from '../http/name-table.ts';

/**
 * Keys that another reader may take for a protocol key. Go's decoder ignores case, others stop at NUL or drop invisible
 * characters; a message that reads differently there than here is refused.
 */

/** Lower-case ASCII folds to itself and to nothing else. */
const plain = /^[a-z0-9_./-]*$/;

/** Controls, formatting characters, separators and everything that renders as nothing. */
const invisible = /[\p{Cc}\p{Cf}\p{Z}\p{Default_Ignorable_Code_Point}]/gu;

/** ASCII that shows: only case can differ. */
const printable = /^[\x21-\x7e]*$/;

/** Case, compatibility forms (`ſ`, `K`, full width), and invisible characters removed. */
function foldKey(key: string): string {
  if (printable.test(key)) return key.toLowerCase();
  return key.normalize('NFKC').replace(invisible, '').toUpperCase().toLowerCase();
}

/** A test for keys that fold onto one of `names` without being one of them. */
export function lookalikeTest(names: readonly string[]): (key: string) => boolean {
  const exact = new Set(names);
  const folded = new Set(names.map(foldKey));
  /** Keys that looked like none: clients send the same few each time. */
  const innocent = new NameTable<true>();
  return (key) => {
    if (exact.has(key) || innocent.get(key) === true) return false;
    if (!plain.test(key) && folded.has(foldKey(key))) return true;
    innocent.keep(key, true);
    return false;
  };
}
