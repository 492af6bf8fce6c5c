import { Buffer } from 'node:buffer';
import { createHash, createPublicKey, type Hash, type KeyObject, verify } from 'node:crypto';

/** Something is wrong with an audit stream. */
export interface AuditProblem {
  readonly file: string;
  /** From 1; 0 for what concerns the stream as a whole. */
  readonly line: number;
  readonly message: string;
}

export interface AuditReport {
  readonly records: number;
  readonly chains: number;
  readonly signed: number;
  /** Records that were given up because the disk was full or too slow, as the stream itself tells. */
  readonly lost: number;
  readonly problems: readonly AuditProblem[];
}

interface ChainState {
  seq: number;
  /** The lines since the last `prev`, that one included; undefined where the stream begins between two. */
  block: Hash | undefined;
  /** The first record of the block. */
  first: number;
  /** Something else is wrong with the block, so that its hash says nothing new. */
  broken: boolean;
  key: KeyObject | undefined;
  ended: boolean;
  /** Records since the last good signature. */
  open: number;
  last: { file: string; line: number };
}

interface Line {
  readonly chain: string;
  readonly seq: number;
  readonly prev?: string;
  readonly type: string;
  readonly key?: string;
  readonly sig?: string;
  readonly end?: boolean;
  readonly count?: number;
}

/** Checks audit streams line by line: nothing removed, changed, put elsewhere or cut off. */
export class AuditVerifier {
  readonly #given: KeyObject | undefined;
  readonly #partial: boolean;
  readonly #chains = new Map<string, ChainState>();
  readonly #problems: AuditProblem[] = [];
  #records = 0;
  #signed = 0;
  #lost = 0;

  /**
   * @param key the public key that checkpoints must be signed with; without it the stream's own is taken, which proves
   * only that the stream fits together
   * @param partial true for a part of a stream: chains may begin earlier and go on later
   */
  constructor(options: { readonly key?: KeyObject | undefined; readonly partial?: boolean | undefined }) {
    this.#given = options.key;
    this.#partial = options.partial === true;
  }

  /** Takes the next line, without its line feed. */
  take(text: string, file: string, line: number): void {
    const at = { file, line };
    const record = parseLine(text);
    if (record === undefined) {
      this.#report(at, 'not an audit record: changed, or cut in the middle');
      return;
    }
    this.#records += 1;
    const { seq, prev } = record;
    let chain = this.#chains.get(record.chain);
    if (chain === undefined) {
      chain = {
        seq: seq - 1,
        block: undefined,
        first: seq,
        broken: false,
        key: this.#given,
        ended: false,
        open: 0,
        last: at,
      };
      this.#chains.set(record.chain, chain);
      if (seq !== 1 && !this.#partial)
        this.#report(at, `records 1 to ${seq - 1} of chain ${record.chain} are missing at the beginning`);
      if (seq === 1 && prev !== '')
        this.#report(at, 'the first record of a chain names one before it, or does not say that there is none');
      // Nothing would tell whether somebody took the link out and wrote the rest of the block anew.
      if (this.#partial && seq !== 1 && prev === undefined)
        this.#report(
          at,
          `record ${seq} has no \`prev\`: begin with one that has, what stands before it cannot be checked`,
        );
    }
    this.#checkPlace(record, chain, at);
    chain.block?.update(`${text}\n`);
    if (record.type === 'start') this.#takeKey(record, chain, at);
    if (record.type === 'lost') this.#lost += record.count ?? 0;
    chain.open += 1;
    if (record.type === 'checkpoint') this.#checkSignature(text, record, chain, at);
    if (chain.ended && record.end !== true) this.#report(at, 'there is more after the end of its chain');
    chain.seq = Math.max(chain.seq, seq);
    chain.last = at;
  }

  /** The result, after the last line. */
  report(): AuditReport {
    for (const [name, chain] of this.#chains) {
      if (chain.ended || this.#partial) continue;
      this.#report(
        chain.last,
        `chain ${name} has no end: cut off, or its process is still running or was killed (${chain.open} records after the last signature)`,
      );
    }
    return {
      records: this.#records,
      chains: this.#chains.size,
      signed: this.#signed,
      lost: this.#lost,
      problems: this.#problems,
    };
  }

  #checkPlace({ seq, prev }: Line, chain: ChainState, at: { file: string; line: number }): void {
    const expected = chain.seq + 1;
    if (seq > expected)
      this.#report(
        at,
        seq - expected === 1 ? `record ${expected} is missing` : `records ${expected} to ${seq - 1} are missing`,
      );
    else if (seq < expected) this.#report(at, `record ${seq} stands after record ${chain.seq}: moved or repeated`);
    if (seq !== expected) chain.broken = true;
    if (prev === undefined) return;
    const { block, broken, first } = chain;
    if (block !== undefined && !broken && prev !== block.digest('base64url'))
      this.#report(
        at,
        first === chain.seq
          ? `record ${first}, the one before, was changed`
          : `one of the records ${first} to ${chain.seq}, those before, was changed`,
      );
    chain.block = createHash('sha256');
    chain.first = seq;
    chain.broken = seq < expected;
  }

  #takeKey({ key }: Line, chain: ChainState, at: { file: string; line: number }): void {
    if (key === undefined) {
      this.#report(at, 'a start without a key');
      return;
    }
    if (this.#given !== undefined) {
      const given = this.#given.export({ type: 'spki', format: 'der' }).toString('base64');
      if (given !== key) this.#report(at, 'the chain is signed with another key than the one given');
      return;
    }
    chain.key = readPublicKey(key);
  }

  #checkSignature(text: string, record: Line, chain: ChainState, at: { file: string; line: number }): void {
    const { sig } = record;
    const tail = `,"sig":"${sig}"}`;
    const signature = typeof sig === 'string' ? Buffer.from(sig, 'base64url') : undefined;
    const { key } = chain;
    if (key === undefined) {
      if (!this.#partial) this.#report(at, 'no key to verify this checkpoint with; give one with --key');
      return;
    }
    const valid =
      signature !== undefined &&
      // Spelled in the only way: the last character has bits that a decoder passes over.
      sig === signature.toString('base64url') &&
      text.endsWith(tail) &&
      verify(null, Buffer.from(`${text.slice(0, -tail.length)}}`), key, signature);
    if (!valid) {
      this.#report(at, 'the signature of this checkpoint is not valid: it or the key was changed');
      return;
    }
    this.#signed += 1;
    chain.open = 0;
    if (record.end === true) chain.ended = true;
  }

  #report(at: { file: string; line: number }, message: string): void {
    this.#problems.push({ ...at, message });
  }
}

/** A public key: PEM, or SPKI in base64 as start records and the log have it. Undefined when it is none for Ed25519. */
export function readPublicKey(text: string): KeyObject | undefined {
  try {
    const key = text.includes('-----BEGIN')
      ? createPublicKey(text)
      : createPublicKey({ key: Buffer.from(text.trim(), 'base64'), type: 'spki', format: 'der' });
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}

function parseLine(text: string): Line | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const line = value as Partial<Line> & { v?: unknown };
  const whole =
    line.v === 1 &&
    typeof line.chain === 'string' &&
    Number.isSafeInteger(line.seq) &&
    (typeof line.prev === 'string' || (line.prev === undefined && line.type !== 'checkpoint')) &&
    typeof line.type === 'string';
  return whole ? (line as Line) : undefined;
}
