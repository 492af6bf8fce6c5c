import { performance } from 'node:perf_hooks';

/** Something that may take as long as a {@link Deadlines} allows; links and time are the list's own. */
export interface Timed {
  due: number;
  before: Timed | undefined;
  behind: Timed | undefined;
  /** The time is over. The list knows it no longer. */
  late(): void;
}

/**
 * One limit for many things, most of which end long before: a list in the order in which they began, and one timer for
 * the first of them. A timer for each would cost a request more than reading its body.
 */
export class Deadlines {
  readonly #limit: number;
  #first: Timed | undefined;
  #last: Timed | undefined;
  #armed = false;

  /** `limit` in milliseconds. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(one: Timed): void {
    one.due = performance.now() + this.#limit;
    one.before = this.#last;
    one.behind = undefined;
    if (this.#last === undefined) this.#first = one;
    else this.#last.behind = one;
    this.#last = one;
    if (!this.#armed) this.#arm(this.#limit);
  }

  /** To be called once for each that was added and is not late. */
  remove(one: Timed): void {
    const { before, behind } = one;
    if (before === undefined) this.#first = behind;
    else before.behind = behind;
    if (behind === undefined) this.#last = before;
    else behind.before = before;
    one.before = undefined;
    one.behind = undefined;
  }

  /** The timer is not stopped when the list is empty: the next one to be added would only have to start it again. */
  #arm(delay: number): void {
    this.#armed = true;
    setTimeout(() => this.#look(), delay).unref();
  }

  #look(): void {
    this.#armed = false;
    const now = performance.now();
    for (let one = this.#first; one !== undefined && one.due <= now; one = this.#first) {
      this.remove(one);
      one.late();
    }
    if (this.#first !== undefined) this.#arm(Math.max(1, Math.ceil(this.#first.due - now)));
  }
}

const byLimit = new Map<number, Deadlines>();

/** The list for a limit; a configuration has few different ones. */
export function deadlinesOf(limit: number): Deadlines {
  let deadlines = byLimit.get(limit);
  if (deadlines === undefined) {
    deadlines = new Deadlines(limit);
    byLimit.set(limit, deadlines);
  }
  return deadlines;
}
