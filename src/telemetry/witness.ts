import type { AuditTrail } from './audit/audit-trail.ts';

/** What middlewares tell telemetry beyond the facts of a request. Nothing here throws or waits. */
export interface Witness {
  /** A key set was asked for. */
  jwksFetched(middleware: string, result: 'changed' | 'unchanged' | 'failed'): void;
  /** What a middleware tells each time it has looked a token up among the verified ones. */
  tokenLookups(middleware: string): (hit: boolean) => void;
  /** Shadow policies would have decided otherwise. */
  shadowDiffered(difference: ShadowDifference): void;
  /** The account of decisions; absent when none is kept. */
  readonly audit: AuditTrail | undefined;
}

export interface ShadowDifference {
  readonly middleware: string;
  readonly live: 'allow' | 'deny';
  readonly shadow: 'allow' | 'deny';
  /** Index and name of the shadow rule that decided; undefined for its default. */
  readonly rule: number | undefined;
  readonly ruleName: string | undefined;
}
