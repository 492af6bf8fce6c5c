import { createPublicKey, generateKeyPairSync, hash, type KeyObject, randomBytes, sign } from 'node:crypto';

/** Links records of one process: each names the hash of the one before, and checkpoints are signed. */
export class AuditChain {
  /** Random, so that chains in one file can be told apart. */
  readonly name: string = randomBytes(9).toString('base64url');
  readonly #key: KeyObject;
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

  /** The next line, from the members of an entry. */
  link(members: string): string {
    this.#seq += 1;
    return this.#keep(`{"v":1,"chain":"${this.name}","seq":${this.#seq},"prev":"${this.#previous}",${members}}`);
  }

  /** A line that is signed, and with it all before. */
  checkpoint(end: boolean, time: number): string {
    this.#seq += 1;
    const head = `{"v":1,"chain":"${this.name}","seq":${this.#seq},"prev":"${this.#previous}","type":"checkpoint","time":"${new Date(time).toISOString()}","count":${this.#seq}${end ? ',"end":true' : ''}`;
    const signature = sign(null, Buffer.from(`${head}}`), this.#key).toString('base64url');
    return this.#keep(`${head},"sig":"${signature}"}`);
  }

  #keep(line: string): string {
    this.#previous = hash('sha256', line, 'base64url');
    return `${line}\n`;
  }
}
