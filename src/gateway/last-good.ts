import type { DynamicConfiguration, Item } from '../config/dynamic/model.ts';
import type { ItemKind } from '../config/runtime/status.ts';
import type { Diagnostic } from '../errors.ts';

/** Item kinds that have a last good version. */
type Pinned = Extract<ItemKind, 'router' | 'service' | 'middleware' | 'serversTransport'>;

const collections = {
  router: 'routers',
  service: 'services',
  middleware: 'middlewares',
  serversTransport: 'serversTransports',
} as const satisfies Record<Pinned, keyof DynamicConfiguration>;

/** What is broken in a configuration: `kind` and qualified name, with the reasons. */
export type Breakage = ReadonlyMap<string, readonly Diagnostic[]>;

export function breakageKey(kind: Pinned, name: string): string {
  return `${kind} ${name}`;
}

/** A configuration in which broken items have been replaced by their last good versions. */
export interface Mended {
  readonly configuration: DynamicConfiguration;
  /** Keys ({@link breakageKey}) of what was replaced, with what is wrong with the newest version. */
  readonly pinned: Breakage;
}

/**
 * A broken change never replaces a good configuration: an item that worked before and is broken now (or is gone although
 * something still refers to it) keeps its last good version, and what uses it goes on. Items that never worked stay
 * broken, and close what uses them.
 */
export function keepLastGood(
  next: DynamicConfiguration,
  breakage: Breakage,
  good: DynamicConfiguration | undefined,
  isGood: (key: string) => boolean,
): Mended | undefined {
  if (good === undefined || breakage.size === 0) return undefined;
  const pinned = new Map<string, readonly Diagnostic[]>();
  const mended: Record<string, ReadonlyMap<string, Item<unknown>>> = {};
  for (const [kind, collection] of Object.entries(collections) as [Pinned, (typeof collections)[Pinned]][]) {
    const items = new Map<string, Item<unknown>>(next[collection]);
    for (const [key, problems] of breakage) {
      if (!key.startsWith(`${kind} `)) continue;
      const name = key.slice(kind.length + 1);
      const last = good[collection].get(name);
      if (last === undefined || !isGood(key) || last === items.get(name)) continue;
      items.set(name, last);
      pinned.set(key, problems);
    }
    mended[collection] = items;
  }
  if (pinned.size === 0) return undefined;
  return { configuration: { ...next, ...mended } as DynamicConfiguration, pinned };
}
