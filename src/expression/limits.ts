/** What one expression may cost; past any of these it is refused with a diagnostic. */
export const limits = {
  /** UTF-8 bytes of text. */
  bytes: 16 * 1024,
  /** Parentheses and `!` around one another. */
  depth: 256,
  /** Calls in the whole expression. */
  calls: 1024,
} as const;
