import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { manualClock } from '../../test/support/manual-clock.ts';
import { InvalidKeySet } from './key-set.ts';
import { FileKeySource } from './key-source.ts';

const keySet = (kid: string) => {
  const { publicKey } = generateKeyPairSync('ed25519');
  return JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid }] });
};

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-keys-'));
  path = join(folder, 'jwks.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = () => {
  const clock = manualClock();
  const source = new FileKeySource(path, { clock, log: { info() {}, warn() {} } });
  return { clock, source, kids: () => source.current.keys.map((key) => key.kid) };
};

describe('[DP-5.jwks-file] keys from a file', () => {
  test('are read again when the file changes, and stay the same object while it does not', async () => {
    writeFileSync(path, keySet('one'));
    const { clock, source, kids } = open();
    const first = source.current;
    await clock.advance(60_000);
    expect(source.current).toBe(first);
    writeFileSync(path, keySet('second'));
    await vi.waitFor(async () => {
      await clock.advance(5_000);
      expect(kids()).toEqual(['second']);
    });
    source.dispose();
    expect(clock.waiting).toBe(0);
  });

  test('follow a symbolic link that is moved, as mounted Secrets do', async () => {
    writeFileSync(join(folder, 'v1'), keySet('one'));
    writeFileSync(join(folder, 'v2'), keySet('two'));
    symlinkSync('v1', path);
    const { clock, source, kids } = open();
    symlinkSync('v2', join(folder, 'next'));
    renameSync(join(folder, 'next'), path);
    await vi.waitFor(async () => {
      await clock.advance(5_000);
      expect(kids()).toEqual(['two']);
    });
    source.dispose();
  });

  test.each([
    ['broken', () => writeFileSync(path, '{"keys": [')],
    ['gone', () => rmSync(path)],
  ])('stay when the file is %s, and change when it is mended', async (_, damage) => {
    writeFileSync(path, keySet('one'));
    const { clock, source, kids } = open();
    damage();
    for (let turn = 0; turn < 5; turn++) {
      await clock.advance(5_000);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(kids()).toEqual(['one']);
    writeFileSync(path, keySet('mended'));
    await vi.waitFor(async () => {
      await clock.advance(5_000);
      expect(kids()).toEqual(['mended']);
    });
    source.dispose();
  });

  test('must be readable at the start', () => {
    expect(open).toThrow(/ENOENT/);
    writeFileSync(path, 'no');
    expect(open).toThrow(InvalidKeySet);
  });
});
