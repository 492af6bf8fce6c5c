import { performance } from 'node:perf_hooks';
/** A session that has ended. */
export interface EndedSession {
  /** Seconds from its `initialize` to its end, or to the last that was heard of it. */
  readonly seconds: number;
  readonly errorType: string;
  readonly version: string;
  /** HTTP version in which it was begun. */
  readonly protocol: string;
  readonly address: string;
  readonly port: string;
}

interface OpenSession {
  readonly begun: number;
  seen: number;
  readonly about: Pick<EndedSession, 'version' | 'protocol' | 'address' | 'port'>;
}

/** Most sessions that are timed at once; the one unheard of for longest gives way. */
const capacity = 10_000;
/** Milliseconds after which a session without a word is taken for ended. */
const silence = 3_600_000;

/** Times legacy sessions. A modern connection has none. */
export class SessionClock {
  readonly #open = new Map<string, OpenSession>();
  readonly #ended: (session: EndedSession) => void;
  readonly #now: () => number;

  constructor(ended: (session: EndedSession) => void, now: () => number = () => performance.now()) {
    this.#ended = ended;
    this.#now = now;
  }

  begin(id: string, about: OpenSession['about']): void {
    const now = this.#now();
    if (this.#open.size >= capacity) {
      const [oldest] = this.#open.keys();
      if (oldest !== undefined) this.#finish(oldest, '', true);
    }
    this.#open.set(id, { begun: now, seen: now, about });
  }

  touch(id: string): void {
    const session = this.#open.get(id);
    if (session === undefined) return;
    session.seen = this.#now();
    this.#open.delete(id);
    this.#open.set(id, session);
  }

  end(id: string, errorType: string): void {
    this.#finish(id, errorType, false);
  }

  /** Ends the sessions that have been silent for long. The map is in the order in which they were last heard of. */
  sweep(): void {
    const limit = this.#now() - silence;
    for (const [id, session] of this.#open) {
      if (session.seen > limit) return;
      this.#finish(id, '', true);
    }
  }

  get size(): number {
    return this.#open.size;
  }

  #finish(id: string, errorType: string, silent: boolean): void {
    const session = this.#open.get(id);
    if (session === undefined) return;
    this.#open.delete(id);
    const until = silent ? session.seen : this.#now();
    this.#ended({ ...session.about, errorType, seconds: (until - session.begun) / 1_000 });
  }
}
