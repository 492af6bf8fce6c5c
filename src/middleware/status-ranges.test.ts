import { describe, expect, it } from 'vitest';
import { compileStatusTest, statusRange } from './status-ranges.ts';

describe('status ranges', () => {
  it.each([
    [['500-599'], [500, 599, 503], [499, 600]],
    [['404'], [404], [403, 405]],
    [[404, '500-501'], [404, 500, 501], [502]],
    [[], [], [200]],
  ] as const)('%j', (ranges, within, outside) => {
    const test = compileStatusTest(ranges);
    for (const status of within) expect(test(status)).toBe(true);
    for (const status of outside) expect(test(status)).toBe(false);
  });

  it.each(['', '5xx', '500-', '599-500', '99', '600', 42, '500-599-600'])('%j is none', (text) => {
    expect(statusRange.safeParse(text).success).toBe(false);
  });
});
