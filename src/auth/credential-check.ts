import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';

const remembered = 1_024;
/** How long a wrong credential stays known as wrong: long enough to make guessing in bursts pointless. */
const rejectedFor = 30_000;
/** Checks waiting for their turn; more callers than that are told to come again. */
const maxWaiting = 64;

/** Too many credentials are waiting to be checked. */
export class ChecksBusy extends Error {
  override readonly name = 'ChecksBusy';
}

/**
 * Checks passwords and API keys against slow hashes: one at a time, so that guessing cannot take the whole process, and
 * each only once. What was checked is remembered under a keyed digest; the credential itself is not kept.
 */
export class CredentialCheck<Found extends object> {
  readonly #key = randomBytes(32);
  readonly #accepted = new LRUCache<string, Found>({ max: remembered });
  readonly #rejected: LRUCache<string, true>;
  readonly #running = new Map<string, Promise<Found | undefined>>();
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: { readonly now?: () => number } = {}) {
    this.#rejected = new LRUCache<string, true>({
      max: remembered,
      ttl: rejectedFor,
      ttlResolution: 0,
      ...(options.now === undefined ? {} : { perf: { now: options.now } }),
    });
  }

  /**
   * What `verify` finds for a credential, or what it found before.
   *
   * @param credential its parts, for instance user and password
   * @throws {ChecksBusy}
   */
  async check(credential: readonly string[], verify: () => Promise<Found | undefined>): Promise<Found | undefined> {
    const digest = createHmac('sha256', this.#key).update(JSON.stringify(credential)).digest('base64');
    const accepted = this.#accepted.get(digest);
    if (accepted !== undefined) return accepted;
    if (this.#rejected.has(digest)) return undefined;
    const running = this.#running.get(digest);
    if (running !== undefined) return running;
    if (this.#running.size >= maxWaiting) throw new ChecksBusy('too many credentials are being checked');
    const turn = this.#tail.then(verify).then((found) => {
      if (found === undefined) this.#rejected.set(digest, true);
      else this.#accepted.set(digest, found);
      return found;
    });
    const done = turn.finally(() => this.#running.delete(digest));
    this.#running.set(digest, done);
    this.#tail = done.catch(() => undefined);
    return done;
  }
}
