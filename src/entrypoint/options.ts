/** What an entrypoint needs to know. Durations in milliseconds; 0 means no limit. */
export interface EntrypointOptions {
  readonly name: string;
  /** Address to bind; empty binds all interfaces. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly tls: boolean;
  readonly limits: EntrypointLimits;
  readonly timeouts: EntrypointTimeouts;
  readonly forwardedHeaders: { readonly trustedIPs: readonly string[]; readonly insecure: boolean };
  /** Characters that may be percent-encoded in a path although they are refused by default. */
  readonly encodedCharacters: EncodedCharacters;
  /** Refuse (400) header names with an underscore instead of dropping them. */
  readonly rejectUnderscores: boolean;
}

export interface EntrypointLimits {
  /** Bytes of the request head. */
  readonly headerBytes: number;
  readonly headerCount: number;
  readonly concurrentStreams: number;
}

export interface EntrypointTimeouts {
  /** Until the request head is complete. */
  readonly headers: number;
  /** Until the request body is complete, counted from the end of the head. */
  readonly body: number;
  /** Between requests on a kept-alive connection. */
  readonly idle: number;
  /** A client that takes nothing for so long while there is something to take is cut. */
  readonly write: number;
}

export interface EncodedCharacters {
  readonly slash: boolean;
  readonly backslash: boolean;
  readonly nul: boolean;
  readonly percent: boolean;
  readonly semicolon: boolean;
  readonly questionMark: boolean;
  readonly hash: boolean;
}

export const noEncodedCharacters: EncodedCharacters = {
  slash: false,
  backslash: false,
  nul: false,
  percent: false,
  semicolon: true,
  questionMark: true,
  hash: true,
};

export const defaultTimeouts: EntrypointTimeouts = { headers: 10_000, body: 30_000, idle: 180_000, write: 0 };
export const defaultLimits: EntrypointLimits = { headerBytes: 65_536, headerCount: 100, concurrentStreams: 250 };
