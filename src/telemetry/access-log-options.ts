/** The same shape as the install option `accessLog`. Durations in milliseconds. */
export interface AccessLogOptions {
  readonly filePath?: string | undefined;
  readonly format: 'common' | 'genericCLF' | 'json';
  readonly bufferingSize: number;
  /** Also written where lines go to `copy`. */
  readonly dualOutput: boolean;
  readonly filters: {
    readonly statusCodes: readonly string[];
    readonly retryAttempts: boolean;
    readonly minDuration: number;
  };
  readonly fields: {
    readonly defaultMode: Mode;
    readonly names: Readonly<Record<string, Mode | undefined>>;
    readonly headers: { readonly defaultMode: Mode; readonly names: Readonly<Record<string, Mode | undefined>> };
  };
}

/** What happens to a field. */
export type Mode = 'keep' | 'drop' | 'redact';
