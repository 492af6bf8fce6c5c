import * as z from 'zod';

/** Says whether a status code is among those that were named. */
export type StatusTest = (status: number) => boolean;

const range = /^([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?$/;

/** One status code (`404`) or an inclusive range (`500-599`). */
export const statusRange = z.union([z.string(), z.int()]).refine((value) => {
  const match = range.exec(String(value));
  return match !== null && (match[2] === undefined || Number(match[1]) <= Number(match[2]));
}, 'is not a status code such as 404, or a range such as 500-599');

/** Compiles codes and ranges that {@link statusRange} has accepted. */
export function compileStatusTest(ranges: readonly (string | number)[]): StatusTest {
  const pairs = ranges.map((value) => {
    const match = range.exec(String(value));
    const from = Number(match?.[1]);
    return [from, match?.[2] === undefined ? from : Number(match[2])] as const;
  });
  return (status) => pairs.some(([from, to]) => from <= status && status <= to);
}
