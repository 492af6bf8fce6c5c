import * as z from 'zod';

/** Milliseconds per unit, with Go's spellings (`µ` is U+00B5, `μ` is U+03BC). */
const unitMilliseconds: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

const wholeForm = /^[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const onePart = /([0-9]*\.?[0-9]*)(ns|us|µs|μs|ms|s|m|h)/g;

/**
 * Reads a duration as Traefik does: Go's notation (`10s`, `1m30s`, `500ms`, `1.5h`), or a bare integer, number or text,
 * which counts seconds.
 *
 * @returns milliseconds (a fraction below one millisecond is kept), or undefined when the text is no duration.
 */
export function parseDuration(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? value * 1_000 : undefined;
  const text = value.trim();
  if (/^[+-]?[0-9]+$/.test(text)) return Number(text) * 1_000;
  if (!wholeForm.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(onePart)) total += Number(amount) * (unitMilliseconds[unit ?? ''] ?? 0);
  return text.startsWith('-') ? -total : total;
}

/** Writes milliseconds as Go prints a duration: `1m30s`, `1.5s`, `250ms`, `80µs`, `0s`. Below a nanosecond it rounds. */
export function formatDuration(milliseconds: number): string {
  const nanoseconds = Math.round(Math.abs(milliseconds) * 1e6);
  const sign = milliseconds < 0 && nanoseconds > 0 ? '-' : '';
  if (nanoseconds === 0) return '0s';
  if (nanoseconds < 1e3) return `${sign}${nanoseconds}ns`;
  if (nanoseconds < 1e6) return `${sign}${nanoseconds / 1e3}µs`;
  if (nanoseconds < 1e9) return `${sign}${nanoseconds / 1e6}ms`;
  const minutes = Math.floor(nanoseconds / 60e9);
  const seconds = `${(nanoseconds - minutes * 60e9) / 1e9}s`;
  if (minutes === 0) return sign + seconds;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${sign}${minutes}m${seconds}` : `${sign}${hours}h${minutes % 60}m${seconds}`;
}

/** A duration option, zero or more; decodes to milliseconds. Give defaults with `.prefault('10s')` so that schemas show them as written. */
export const durationOption = z.union([z.string(), z.number()]).transform((value, context) => {
  const milliseconds = parseDuration(value);
  if (milliseconds === undefined || milliseconds < 0) {
    context.addIssue({
      code: 'custom',
      message: 'is not a duration; write for instance 10s, 1m30s, 500ms or a whole number of seconds',
      input: value,
    });
    return z.NEVER;
  }
  return milliseconds;
});
