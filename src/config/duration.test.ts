import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationOption, formatDuration, parseDuration } from './duration.ts';

const readings: readonly (readonly [string | number, number | undefined])[] = [
  ['10s', 10_000],
  ['1m30s', 90_000],
  ['500ms', 500],
  ['1.5h', 5_400_000],
  ['.5s', 500],
  ['2.s', 2_000],
  ['250us', 0.25],
  ['250µs', 0.25],
  ['250μs', 0.25],
  ['1h0m0.5s', 3_600_500],
  ['-3s', -3_000],
  ['+3s', 3_000],
  ['0', 0],
  ['10', 10_000],
  [' 10s ', 10_000],
  [3, 3_000],
  [0, 0],
  [1.5, undefined],
  ['1.5', undefined],
  ['', undefined],
  ['s', undefined],
  ['.s', undefined],
  ['10 s', undefined],
  ['10d', undefined],
  ['1m30', undefined],
  ['1e3s', undefined],
  ['1h-5m', undefined],
];

describe('durations', () => {
  it.each(readings)('reads %j as %j milliseconds', (written, milliseconds) => {
    expect(parseDuration(written)).toBe(milliseconds);
  });

  it.each([
    [0, '0s'],
    [1, '1ms'],
    [0.25, '250µs'],
    [0.000005, '5ns'],
    [1_500, '1.5s'],
    [90_000, '1m30s'],
    [3_600_000, '1h0m0s'],
    [-1_500, '-1.5s'],
  ])('writes %d milliseconds as %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it('reads back what it writes', () => {
    return fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (microseconds) => {
        const milliseconds = microseconds / 1_000;
        expect(parseDuration(formatDuration(milliseconds))).toBeCloseTo(milliseconds, 4);
      }),
    );
  });

  it('refuses what is no duration or negative, and says what to write', () => {
    for (const bad of ['soon', '-1s', -1]) {
      const result = durationOption.safeParse(bad);
      expect(result.error?.issues[0]?.message).toContain('1m30s');
    }
    expect(durationOption.parse('2m')).toBe(120_000);
  });
});
