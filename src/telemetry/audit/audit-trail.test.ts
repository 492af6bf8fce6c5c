import { generateKeyPairSync, hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keepWithin } from '../../../test/support/kept-log.ts';
import type { JsonObject } from '../../http/json.ts';
import type { AuditEntry } from './audit-entry.ts';
import { type AuditOutlet, AuditTrail, type AuditTrailOptions, AuditUnavailable } from './audit-trail.ts';
import { AuditChain } from './chain.ts';
import { AuditVerifier } from './verify.ts';

/** A disk with room for so many bytes, which can be given more, and can hang. */
class Disk implements AuditOutlet {
  text = '';
  room: number;
  hangs = false;
  reopened = 0;

  constructor(room = Number.POSITIVE_INFINITY) {
    this.room = room;
  }

  write(bytes: Buffer, done: (error: Error | null, written: number) => void): void {
    if (this.hangs) return;
    const taken = Math.min(this.room, bytes.length);
    this.room -= taken;
    const text = bytes.subarray(0, taken).toString('utf8');
    keepWithin('audit', text);
    this.text += text;
    setImmediate(() => done(taken < bytes.length ? new Error('ENOSPC: no space left on device') : null, taken));
  }

  reopen(): void {
    this.reopened += 1;
  }

  close(): void {}

  get lines(): string[] {
    return this.text.split('\n').filter((line) => line !== '');
  }
}

const entry = (name: string): AuditEntry => ({
  type: 'decision',
  time: 1_700_000_000_000,
  outcome: 'allow',
  kind: 'request',
  method: 'tools/call',
  name,
});

function open(disk: Disk, options: Partial<AuditTrailOptions> = {}): AuditTrail {
  return new AuditTrail({
    chain: new AuditChain(),
    outlet: disk,
    strict: false,
    arguments: false,
    checkpointInterval: 1_000_000,
    version: '1',
    ...options,
  });
}

function check(lines: readonly string[], options: ConstructorParameters<typeof AuditVerifier>[0] = {}) {
  const verifier = new AuditVerifier(options);
  for (const [index, line] of lines.entries()) verifier.take(line, 'audit', index + 1);
  return verifier.report();
}

const turns = async (count = 6) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

/** A whole stream of `count` records. */
async function wholeStream(count: number): Promise<string[]> {
  const disk = new Disk();
  const trail = open(disk);
  for (let index = 0; index < count; index++) {
    void trail.record(entry(`tool-${index}`));
    if (index % 3 === 0) await turns(1);
  }
  await trail.close();
  return disk.lines;
}

describe('a stream', () => {
  test('[AUD-chain] fits together, begins with its key and ends with a signature', async () => {
    const lines = await wholeStream(20);
    const report = check(lines);
    expect(report).toMatchObject({ records: 22, chains: 1, signed: 1, lost: 0, problems: [] });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ v: 1, seq: 1, prev: '', type: 'start' });
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ seq: 2, outcome: 'allow', mcp: { name: 'tool-0' } });
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ type: 'checkpoint', end: true, count: 22 });
  });

  test('[AUD-chain] lines of one moment are a block, of not too many, that the first line of the next one names', async () => {
    const disk = new Disk();
    const trail = open(disk);
    for (const count of [1, 2, 150, 1]) {
      for (let index = 0; index < count; index++) void trail.record(entry(`tool-${index}`));
      await turns();
    }
    await trail.close();
    const blocks: string[] = [];
    for (const line of disk.lines) {
      const { prev } = JSON.parse(line) as { prev?: string };
      if (prev === undefined) blocks.push(`${blocks.pop()}${line}\n`);
      else {
        expect(prev).toBe(blocks.length === 0 ? '' : hash('sha256', blocks.at(-1) as string, 'base64url'));
        blocks.push(`${line}\n`);
      }
    }
    // The start comes with the first record.
    expect(blocks.map((block) => block.split('\n').length - 1)).toEqual([2, 2, 64, 64, 22, 1, 1]);
    expect(check(disk.lines)).toMatchObject({ records: 156, problems: [] });
  });

  test('[AUD-tampering] a changed record is named as exactly as its block allows', async () => {
    const disk = new Disk();
    const trail = open(disk);
    for (const name of ['a', 'b', 'c', 'd']) void trail.record(entry(name));
    await turns();
    void trail.record(entry('e'));
    await turns();
    void trail.record(entry('f'));
    await trail.close();
    const { lines } = disk;
    const messages = (at: number) =>
      check(lines.with(at, (lines[at] ?? '').replace('allow', 'deny'))).problems.map(({ line, message }) => [
        line,
        message,
      ]);
    expect(messages(2)).toEqual([[6, 'one of the records 1 to 5, those before, was changed']]);
    expect(messages(5)).toEqual([[7, 'record 6, the one before, was changed']]);
    // What is missing in a block has changed its hash, which is not said twice.
    expect(check(lines.toSpliced(2, 1)).problems.map(({ line, message }) => [line, message])).toEqual([
      [3, 'record 3 is missing'],
    ]);
  });

  test('[AUD-chain] is signed every thousand records', async () => {
    const lines = await wholeStream(2_500);
    expect(check(lines)).toMatchObject({ signed: 3, problems: [] });
  });

  test('[AUD-chain] a key that was given must be the one that signed', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const disk = new Disk();
    const trail = open(disk, { chain: new AuditChain(privateKey) });
    void trail.record(entry('a'));
    await trail.close();
    expect(check(disk.lines, { key: publicKey }).problems).toEqual([]);
    const other = generateKeyPairSync('ed25519').publicKey;
    expect(check(disk.lines, { key: other }).problems.length).toBeGreaterThan(0);
  });

  test('[AUD-chain] a record that cannot be written as text is lost, counted, and breaks nothing', async () => {
    const endless = new Map<string, JsonObject>();
    endless.set('again', endless);
    const shape = { paths: ['mcp.params'], withheld: [false] };
    const broken: AuditEntry = { ...entry('broken'), reading: { shape, values: [endless], claimsOnly: false } };
    const disk = new Disk();
    let dropped = 0;
    const trail = open(disk, {
      dropped: (records) => {
        dropped += records;
      },
    });
    for (const one of [entry('a'), broken, entry('c')]) void trail.record(one);
    await trail.close();
    expect(dropped).toBe(1);
    expect(check(disk.lines)).toMatchObject({ lost: 1, problems: [] });
    expect(disk.text).toMatch(/"name":"a".*"name":"c"/s);
    const strict = open(new Disk(), { strict: true });
    await expect(strict.record(broken)).rejects.toThrow(AuditUnavailable);
    await expect(strict.record(entry('d'))).resolves.toBeUndefined();
    await strict.close();
  });

  test('[AUD-chain] several processes may write into one file', async () => {
    const [a, b] = [await wholeStream(5), await wholeStream(7)];
    const mixed = a.flatMap((line, index) => [line, ...(b[index] === undefined ? [] : [b[index]])]).concat(b.slice(7));
    expect(check(mixed)).toMatchObject({ chains: 2, problems: [] });
  });

  test('[AUD-chain] a part of a rotated stream is checked as one', async () => {
    const lines = await wholeStream(30);
    expect(check(lines.slice(10)).problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/records 1 to 10 .* are missing at the beginning/),
      expect.stringMatching(/no key to verify/),
      expect.stringMatching(/has no end/),
    ]);
    // A rotation never parts a block.
    const begin = lines.findIndex((line, index) => index >= 10 && line.includes('"prev"'));
    const part = lines.slice(begin, begin + 12);
    expect(check(part, { partial: true }).problems).toEqual([]);
    expect(check(part.toSpliced(4, 1), { partial: true }).problems).toHaveLength(1);
  });

  test('[AUD-tampering] a part that begins within a block is told, for what stands before its first link could be anything', async () => {
    const lines = await wholeStream(30);
    const starts = lines.flatMap((line, index) => (line.includes('"prev"') ? [index] : []));
    const [begin = 0, end = 0] = [starts[4], starts[8]];
    const part = lines.slice(begin, end);
    expect(check(part, { partial: true }).problems).toEqual([]);
    expect(check(part.slice(1), { partial: true }).problems).toMatchObject([
      { line: 1, message: expect.stringContaining('begin with one that has') },
    ]);
    // Every record that a link of the part covers, changed with its own link and without.
    for (let at = 0; at < (starts[7] ?? 0) - begin; at++) {
      const changed = (part[at] ?? '').replace('allow', 'deny');
      expect(changed).not.toBe(part[at]);
      for (const line of [changed, changed.replace(/"prev":"[^"]*",/, '')])
        expect(check(part.with(at, line), { partial: true }).problems.length).toBeGreaterThan(0);
    }
  });
});

type Tampering = (lines: readonly string[], at: number, by: number) => readonly string[];

const tamperings: Readonly<Record<string, Tampering>> = {
  'removes a record': (lines, at) => lines.toSpliced(at, 1),
  'removes several': (lines, at, by) => lines.toSpliced(at, 1 + (by % 5)),
  'changes a value': (lines, at) =>
    lines.with(at, (lines[at] ?? '').replace('tool-', 'pool-').replace('"v":1', '"v":1 ')),
  'changes one character': (lines, at, by) => {
    const line = lines[at] ?? '';
    const position = by % line.length;
    const other = line[position] === 'x' ? 'y' : 'x';
    return lines.with(at, line.slice(0, position) + other + line.slice(position + 1));
  },
  'swaps two': (lines, at) => {
    const other = at === 0 ? 1 : at - 1;
    return lines.with(at, lines[other] ?? '').with(other, lines[at] ?? '');
  },
  'moves one to the end': (lines, at) => [...lines.toSpliced(at, 1), lines[at] ?? ''],
  'repeats one': (lines, at) => lines.toSpliced(at, 0, lines[at] ?? ''),
  'cuts off the rest': (lines, at) => lines.slice(0, at),
  'cuts in the middle of a record': (lines, at) => [...lines.slice(0, at), (lines[at] ?? '').slice(0, 40)],
  'forges a record and links it again': (lines, at) => {
    const record = JSON.parse(lines[at] ?? '') as { seq: number; chain: string; prev: string };
    const forged = JSON.stringify({ ...record, outcome: 'deny' });
    return lines.with(at, forged);
  },
  'takes out a link': (lines, at) => lines.with(at, (lines[at] ?? '').replace(/"prev":"[^"]*",/, '')),
  'puts in a link': (lines, at, by) => {
    const link = hash('sha256', `${lines[Math.max(0, at - 1 - (by % 2))]}\n`, 'base64url');
    const line = lines[at] ?? '';
    return lines.with(at, line.includes('"prev"') ? line : line.replace('"type"', `"prev":"${link}","type"`));
  },
  'adds one after the end': (lines) => {
    const last = JSON.parse(lines.at(-1) ?? '') as { seq: number; chain: string };
    return [...lines, JSON.stringify({ v: 1, chain: last.chain, seq: last.seq + 1, prev: '', type: 'decision' })];
  },
};

describe('tampering', async () => {
  const lines = await wholeStream(40);

  test.each(Object.entries(tamperings))('[AUD-tampering] is found when somebody %s', (_, tamper) => {
    fc.assert(
      fc.property(fc.nat(lines.length - 1), fc.nat(10_000), (at, by) => {
        const tampered = tamper(lines, at, by);
        fc.pre(tampered.join('\n') !== lines.join('\n') && tampered.length > 0);
        // Moving the last to the end changes nothing.
        expect(check(tampered).problems.length).toBeGreaterThan(0);
      }),
      { numRuns: 150 },
    );
  });

  test('[AUD-tampering] bits that do not count in the last signature are found changed, too', () => {
    const last = lines.at(-1) ?? '';
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const at = last.length - '"}'.length - 1;
    expect(check(lines).problems).toEqual([]);
    for (const other of alphabet.replace(last[at] as string, ''))
      expect(check(lines.with(-1, last.slice(0, at) + other + last.slice(at + 1))).problems.length).toBeGreaterThan(0);
    for (const other of ['5', 'null', '[]', '""'])
      expect(check(lines.with(-1, last.replace(/"sig":.*\}/, `"sig":${other}}`))).problems.length).toBeGreaterThan(0);
  });

  test('[AUD-tampering] whoever writes the whole chain anew has not the key', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const disk = new Disk();
    const honest = open(disk, { chain: new AuditChain(privateKey) });
    void honest.record(entry('a'));
    await honest.close();
    expect(check(await wholeStream(3), { key: publicKey }).problems.length).toBeGreaterThan(0);
    expect(check(disk.lines, { key: publicKey }).problems).toEqual([]);
  });
});

describe('a full disk', () => {
  test('[AUD-disk] without strict: nothing waits, what finds no room is counted, and the stream says so when it goes on', async () => {
    const disk = new Disk(2_000);
    let dropped = 0;
    const failures: (string | undefined)[] = [];
    const trail = open(disk, {
      maxWaiting: 2_000,
      dropped: (records) => {
        dropped += records;
      },
      failing: (error) => failures.push(error?.message),
    });
    for (let index = 0; index < 100; index++) {
      expect(trail.record(entry(`tool-${index}`))).toBe(undefined);
      await turns(1);
    }
    expect(dropped).toBeGreaterThan(50);
    disk.room = Number.POSITIVE_INFINITY;
    await new Promise((resolve) => setTimeout(resolve, 700));
    void trail.record(entry('after'));
    await trail.close();
    const report = check(disk.lines);
    expect(report.problems).toEqual([]);
    expect(report.lost).toBe(dropped);
    expect(disk.text).toContain('"name":"after"');
    expect(failures).toEqual([expect.stringContaining('ENOSPC'), undefined]);
  });

  test('[AUD-strict] with strict: a record that cannot be written is refused, at once while the disk is known to be full', async () => {
    const disk = new Disk(700);
    const trail = open(disk, { strict: true });
    await trail.record(entry('first'));
    const refused = async () => {
      for (let index = 0; index < 10; index++) await trail.record(entry(`tool-${index}`));
    };
    await expect(refused()).rejects.toBeInstanceOf(AuditUnavailable);
    const before = performance.now();
    await expect(trail.record(entry('again'))).rejects.toBeInstanceOf(AuditUnavailable);
    expect(performance.now() - before).toBeLessThan(100);
    disk.room = Number.POSITIVE_INFINITY;
    await new Promise((resolve) => setTimeout(resolve, 700));
    await trail.record(entry('later'));
    expect(disk.text).toContain('"name":"later"');
    await trail.close();
    expect(check(disk.lines).problems).toEqual([]);
  });

  test('[AUD-strict] a disk that hangs is waited for no longer than the patience', async () => {
    const disk = new Disk();
    const trail = open(disk, { strict: true, patience: 50 });
    await trail.record(entry('first'));
    disk.hangs = true;
    await expect(trail.record(entry('second'))).rejects.toBeInstanceOf(AuditUnavailable);
  });

  test('[AUD-strict] when the promise resolves, the record is on the disk', async () => {
    const disk = new Disk();
    const trail = open(disk, { strict: true });
    for (let index = 0; index < 20; index++) {
      await trail.record(entry(`tool-${index}`));
      expect(disk.text).toContain(`"name":"tool-${index}"`);
    }
    await trail.close();
  });
});

test('[AUD-chain] rotation goes on in a new file', async () => {
  const disk = new Disk();
  const trail = open(disk);
  void trail.record(entry('a'));
  await turns();
  trail.reopen();
  expect(disk.reopened).toBe(1);
  await trail.close();
});
