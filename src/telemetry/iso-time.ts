let second = Number.NaN;
let prefix = '';

/** ISO 8601 with milliseconds, UTC. Most times of one second share their beginning, and dates are dear. */
export function isoTime(milliseconds: number): string {
  const whole = Math.floor(milliseconds);
  const at = Math.floor(whole / 1_000);
  if (at !== second) {
    prefix = new Date(at * 1_000).toISOString().slice(0, -4);
    second = at;
  }
  const rest = whole - at * 1_000;
  return `${prefix}${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`;
}
