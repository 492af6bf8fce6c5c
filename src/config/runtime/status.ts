import type { Diagnostic } from '../../errors.ts';

/** What became of one configured thing, for the admin API, `portcullis check` and the log. */
export interface ItemStatus {
  readonly kind: ItemKind;
  /** Qualified name, for instance `apps-deepwiki-mcp-gateway@kubernetescrd`. */
  readonly name: string;
  readonly provider: string;
  /** `enabled`: works. `warning`: works, with something to look at. `disabled`: closed, never open. */
  readonly status: 'enabled' | 'warning' | 'disabled';
  readonly problems: readonly Diagnostic[];
  /** Qualified names of what uses it. */
  readonly usedBy: readonly string[];
  /** True when the newest version is broken and the last good one goes on serving. */
  readonly lastGood: boolean;
  /** The configuration as it stands, secrets replaced. */
  readonly config: Readonly<Record<string, unknown>>;
}

export type ItemKind = 'router' | 'service' | 'middleware' | 'serversTransport' | 'tls';

/** Everything that can be said about one generation. */
export interface RuntimeStatus {
  readonly generation: number;
  readonly loadedAt: Date;
  readonly items: readonly ItemStatus[];
  /** Problems that belong to no item. */
  readonly problems: readonly Diagnostic[];
  /** Why the newest change was refused as a whole, when it was. */
  readonly refused: readonly Diagnostic[];
}

/** All error-level problems of a status, item by item and then the loose ones. */
export function errorsOf(status: RuntimeStatus): Diagnostic[] {
  return [...status.items.flatMap((item) => item.problems), ...status.problems, ...status.refused].filter(
    (problem) => problem.severity === 'error',
  );
}
