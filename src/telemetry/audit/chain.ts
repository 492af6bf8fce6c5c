import { Buffer } from 'node:buffer';
import { createPublicKey, generateKeyPairSync, hash, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { ByteWriter } from '../byte-writer.ts';

const beforePrevious = Buffer.from(',"prev":"');
const afterPrevious = Buffer.from('",');

/** Most lines of a block: whoever looks for a changed one has so many to look at. */
const linesPerBlock = 64;

/**
 * Links records of one process. Lines that are written together are a block; the first line of each names the hash of the
 * block before, every byte of it with the line feeds, and checkpoints are signed. A busy process hashes much at once, an
 * idle one each line.
 */
export class AuditChain {
  /** Random, so that chains in one file can be told apart. */
  readonly name: string = randomBytes(9).toString('base64url');
  readonly #key: KeyObject;
  readonly #opening = Buffer.from(`{"v":1,"chain":"${this.name}","seq":`);
  #seq = 0;
  #previous = '';
  /** Lines of the block that has been begun, and where it begins in the writer. */
  #lines = 0;
  #blockStart = 0;

  constructor(key: KeyObject = generateKeyPairSync('ed25519').privateKey) {
    if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('audit checkpoints are signed with Ed25519 keys');
    this.#key = key;
  }

  /** The key that verifies the checkpoints: SPKI, base64. */
  get publicKey(): string {
    return createPublicKey(this.#key).export({ type: 'spki', format: 'der' }).toString('base64');
  }

  /**
   * Begins the next line; its members follow, and then {@link AuditChain.end}, or {@link AuditChain.abandon} with what this
   * returns. What the writer holds of a block may not be taken out of it before the block is sealed.
   */
  begin(out: ByteWriter): number {
    const start = out.length;
    this.#seq += 1;
    out.bytes(this.#opening);
    out.number(this.#seq);
    if (this.#lines === 0) {
      this.#blockStart = start;
      out.bytes(beforePrevious);
      out.ascii(this.#previous);
      out.bytes(afterPrevious);
    } else out.byte(0x2c);
    return start;
  }

  /** Takes back a line that was begun at `start`. */
  abandon(out: ByteWriter, start: number): void {
    this.#seq -= 1;
    out.length = start;
  }

  /** Ends the line. */
  end(out: ByteWriter): void {
    out.byte(0x7d);
    out.byte(0x0a);
    this.#lines += 1;
    if (this.#lines === linesPerBlock) this.seal(out);
  }

  /** Ends the block, if there is one. */
  seal(out: ByteWriter): void {
    if (this.#lines === 0) return;
    this.#previous = hash('sha256', out.buffer.subarray(this.#blockStart, out.length), 'base64url');
    this.#lines = 0;
  }

  /** Writes a line that is signed, and with it all before. */
  checkpoint(out: ByteWriter, end: boolean, time: number): void {
    this.seal(out);
    const start = this.begin(out);
    const members = `"type":"checkpoint","time":"${new Date(time).toISOString()}","count":${this.#seq}${end ? ',"end":true' : ''}`;
    out.ascii(`${members}}`);
    const signature = sign(null, out.buffer.subarray(start, out.length), this.#key);
    out.length -= 1;
    out.ascii(`,"sig":"${signature.toString('base64url')}"`);
    this.end(out);
  }
}
