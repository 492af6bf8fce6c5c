import { RE2JS } from 're2js';
import { PortcullisError } from '../errors.ts';
import type { MiddlewareContext } from './definition.ts';

/** A compiled Go regular expression (RE2 semantics, linear time). */
export type Regex = RE2JS;

/** Compiles an operator's regular expression; throws a {@link PortcullisError} that points at `path` when it is not one. */
export function compileRegex(text: string, context: MiddlewareContext, path: readonly (string | number)[]): Regex {
  try {
    return RE2JS.compile(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const diagnostic = context.diagnose(
      {
        code: 'CONFIG_INVALID_VALUE',
        severity: 'error',
        message: `is not a regular expression: ${reason}`,
        hint: 'Go (RE2) syntax is used: no look-around, no back-references.',
      },
      path,
    );
    throw new PortcullisError('CONFIG_INVALID_VALUE', diagnostic.message, { cause: error, diagnostics: [diagnostic] });
  }
}

type Piece = string | { readonly group: number | string };

/** A replacement text with `$1`, `${1}` and `${name}` filled in from a match. */
export type Template = (regex: Regex, input: string) => string;

const reference = /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu;

/**
 * Compiles a replacement text with the rules of Go's `Regexp.Expand`: the longest run of letters, digits and underscores
 * after `$` is the name, so `$1x` means `${1x}`; an unknown name or number is empty; `$$` is a dollar sign; a `$` that
 * begins nothing stays as written.
 *
 * @returns a function that replaces every match in `input`, as Go's `ReplaceAllString` does.
 */
export function compileTemplate(text: string): Template {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(reference)) {
    if (match.index > from) pieces.push(text.slice(from, match.index));
    const name = match[1] ?? match[2];
    if (name === undefined) pieces.push('$');
    else pieces.push({ group: /^[0-9]+$/.test(name) ? Number(name) : name });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push(text.slice(from));

  return (regex, input) => {
    const matcher = regex.matcher(input);
    const names = regex.namedGroups();
    let output = '';
    let position = 0;
    while (matcher.find()) {
      output += input.slice(position, matcher.start());
      // As in Go, an empty match right after another match is not replaced: `.*` replaces once.
      if (matcher.end() > position || matcher.start() === 0) {
        for (const piece of pieces) output += typeof piece === 'string' ? piece : readGroup(piece.group);
      }
      position = matcher.end();
    }
    return output + input.slice(position);

    function readGroup(group: number | string): string {
      const index = typeof group === 'number' ? group : names[group];
      return index === undefined || index > regex.groupCount() ? '' : (matcher.group(index) ?? '');
    }
  };
}
