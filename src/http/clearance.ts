/**
 * The ticket without which no service can be called. It is stamped in one place only (`gateway/gate.ts`), after a
 * `Principal` that only `auth` can make and, where the route has an `mcp` middleware, a `Decision` that only `policy`
 * can make have been seen.
 */
export class Clearance {
  readonly #stamped: true;

  private constructor() {
    this.#stamped = true;
  }

  /** For `gateway/gate.ts`; the import table test refuses any other caller. */
  static stamp(): Clearance {
    return new Clearance();
  }

  /** Throws unless `value` was stamped: the last line before an upstream. */
  static check(value: Clearance): void {
    if (!(#stamped in value)) throw new TypeError('a service was called without clearance');
  }
}
