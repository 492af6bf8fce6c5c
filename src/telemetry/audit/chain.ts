import { Buffer } from 'node:buffer';
import { createPublicKey, generateKeyPairSync, hash, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { ByteWriter } from '../byte-writer.ts';

const beforePrevious = Buffer.from(',"prev":"');
const afterPrevious = Buffer.from('",');

/** Links records of one process: each names the hash of the one before, and checkpoints are signed. */
export class AuditChain {
  /** Random, so that chains in one file can be told apart. */
  readonly name: string = randomBytes(9).toString('base64url');
  readonly #key: KeyObject;
  readonly #opening = Buffer.from(`{"v":1,"chain":"${this.name}","seq":`);
  #seq = 0;
  #previous = '';

  constructor(key: KeyObject = generateKeyPairSync('ed25519').privateKey) {
    if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('audit checkpoints are signed with Ed25519 keys');
    this.#key = key;
  }

  /** The key that verifies the checkpoints: SPKI, base64. */
  get publicKey(): string {
    return createPublicKey(this.#key).export({ type: 'spki', format: 'der' }).toString('base64');
  }

  get length(): number {
    return this.#seq;
  }

  /** Begins the next line; its members follow, and then {@link AuditChain.end} with what this returns. */
  begin(out: ByteWriter): number {
    const start = out.length;
    this.#seq += 1;
    out.bytes(this.#opening);
    out.number(this.#seq);
    out.bytes(beforePrevious);
    out.ascii(this.#previous);
    out.bytes(afterPrevious);
    return start;
  }

  /** Takes back a line that was begun at `start`. */
  abandon(out: ByteWriter, start: number): void {
    this.#seq -= 1;
    out.length = start;
  }

  /** Ends the line that begins at `start`. */
  end(out: ByteWriter, start: number): void {
    out.byte(0x7d);
    this.#previous = hash('sha256', out.buffer.subarray(start, out.length), 'base64url');
    out.byte(0x0a);
  }

  /** Writes a line that is signed, and with it all before. */
  checkpoint(out: ByteWriter, end: boolean, time: number): void {
    const start = this.begin(out);
    const members = `"type":"checkpoint","time":"${new Date(time).toISOString()}","count":${this.#seq}${end ? ',"end":true' : ''}`;
    out.ascii(`${members}}`);
    const signature = sign(null, out.buffer.subarray(start, out.length), this.#key);
    out.length -= 1;
    out.ascii(`,"sig":"${signature.toString('base64url')}"`);
    this.end(out, start);
  }
}
