import { describe, expect, test } from 'vitest';
import { ChecksBusy, CredentialCheck } from './credential-check.ts';

const found = { name: 'alice' };

describe('[SEC-password] slow checks', () => {
  test('a right credential is checked once, a wrong one again after 30 s', async () => {
    let now = 1_000;
    const checks = new CredentialCheck<typeof found>({ now: () => now });
    let count = 0;
    const verify = (result: typeof found | undefined) => () => {
      count += 1;
      return Promise.resolve(result);
    };
    for (let turn = 0; turn < 3; turn++) expect(await checks.check(['alice', 'right'], verify(found))).toBe(found);
    expect(count).toBe(1);
    for (let turn = 0; turn < 3; turn++)
      expect(await checks.check(['alice', 'wrong'], verify(undefined))).toBeUndefined();
    expect(count).toBe(2);
    now += 30_001;
    expect(await checks.check(['alice', 'wrong'], verify(found))).toBe(found);
    expect(count).toBe(3);
  });

  test('parts are not run together', async () => {
    const checks = new CredentialCheck<typeof found>();
    expect(await checks.check(['ab', 'c'], () => Promise.resolve(found))).toBe(found);
    expect(await checks.check(['a', 'bc'], () => Promise.resolve(undefined))).toBeUndefined();
    expect(await checks.check(['abc'], () => Promise.resolve(undefined))).toBeUndefined();
  });

  test('one at a time, the same one once, and an end to the queue', async () => {
    const checks = new CredentialCheck<typeof found>();
    let running = 0;
    let most = 0;
    let calls = 0;
    const verify = async () => {
      running += 1;
      calls += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running -= 1;
      return undefined;
    };
    const same = Array.from({ length: 100 }, () => checks.check(['same'], verify));
    const others = Array.from({ length: 63 }, (_, index) => checks.check([`${index}`], verify));
    await expect(checks.check(['one too many'], verify)).rejects.toThrow(ChecksBusy);
    await Promise.all([...same, ...others]);
    expect([most, calls]).toEqual([1, 64]);
    expect(await checks.check(['one too many'], verify)).toBeUndefined();
  });

  test('a check that fails is no answer, and does not stop the next', async () => {
    const checks = new CredentialCheck<typeof found>();
    await expect(checks.check(['a'], () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await checks.check(['a'], () => Promise.resolve(found))).toBe(found);
  });
});
