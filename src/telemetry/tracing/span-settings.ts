/** What the operator decided about spans. */
export interface SpanSettings {
  readonly capturedRequestHeaders: readonly string[];
  readonly capturedResponseHeaders: readonly string[];
  /** Parameters of queries that are written, by name. */
  readonly safeQueryParams: readonly string[];
  readonly aliases: boolean;
}
