/** One query parameter, decoded. */
export type Parameter = readonly [name: string, value: string];

let lastQuery = '';
let lastParameters: readonly Parameter[] = [];

/**
 * Reads a query as Go's `url.ParseQuery` does: split at `&`, `+` is a space; a pair with `;` or a broken escape is left out.
 * The latest answer is kept, because all rules of a table ask for the same query.
 *
 * @param query with its `?`, or empty.
 */
export function parseQuery(query: string): readonly Parameter[] {
  if (query !== lastQuery) {
    lastParameters = readPairs(query.slice(1));
    lastQuery = query;
  }
  return lastParameters;
}

function readPairs(text: string): Parameter[] {
  const parameters: Parameter[] = [];
  for (const pair of text.split('&')) {
    if (pair === '' || pair.includes(';')) continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1));
    if (name !== undefined && value !== undefined) parameters.push([name, value]);
  }
  return parameters;
}

function decode(text: string): string | undefined {
  const spaced = text.replaceAll('+', ' ');
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return undefined;
  }
}
