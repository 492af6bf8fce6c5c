import { describe, expect, it } from 'vitest';
import { type Coding, chooseCoding } from './accept-encoding.ts';

const all: readonly Coding[] = ['gzip', 'br', 'zstd'];

describe('Accept-Encoding', () => {
  it.each([
    [undefined, all, undefined, undefined],
    [undefined, all, 'br', 'br'],
    ['', all, 'br', undefined],
    ['gzip', all, undefined, 'gzip'],
    ['GZIP', all, undefined, 'gzip'],
    ['deflate', all, undefined, undefined],
    ['gzip, br, zstd', all, undefined, 'gzip'],
    ['gzip, br, zstd', ['zstd', 'gzip'], undefined, 'zstd'],
    ['gzip;q=0.5, br;q=0.9', all, undefined, 'br'],
    ['gzip;q=0, br', all, undefined, 'br'],
    ['gzip;q=0', all, undefined, undefined],
    ['*', all, undefined, 'gzip'],
    ['*', all, 'zstd', 'zstd'],
    ['*;q=0', all, 'zstd', undefined],
    ['gzip;q=0, *', all, undefined, 'br'],
    ['identity, gzip;q=0.5', all, undefined, undefined],
    ['identity;q=0.5, gzip', all, undefined, 'gzip'],
    ['gzip;q=nonsense', all, undefined, undefined],
    ['gzip;q=7', all, undefined, undefined],
  ] as const)('%j of %j (preset %s) gives %s', (header, offered, preset, chosen) => {
    expect(chooseCoding(header, offered, preset)).toBe(chosen);
  });
});
