import type { DynamicConfiguration, Item } from '../config/dynamic/model.ts';
import type { ItemKind } from '../config/runtime/status.ts';
import type { Diagnostic } from '../errors.ts';

/** Item kinds that have a last good version; of TLS the options. */
type Pinned = ItemKind;

type Items = ReadonlyMap<string, Item<unknown>>;

const collections: Readonly<Record<Pinned, (configuration: DynamicConfiguration) => Items>> = {
  router: ({ routers }) => routers,
  service: ({ services }) => services,
  middleware: ({ middlewares }) => middlewares,
  serversTransport: ({ serversTransports }) => serversTransports,
  tls: ({ tls }) => tls.options,
};

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
  isGood: (key: string, last: Item<unknown>) => boolean,
): Mended | undefined {
  if (good === undefined || breakage.size === 0) return undefined;
  const pinned = new Map<string, readonly Diagnostic[]>();
  const mend = (kind: Pinned): Map<string, Item<unknown>> => {
    const items = new Map(collections[kind](next));
    for (const [key, problems] of breakage) {
      if (!key.startsWith(`${kind} `)) continue;
      const name = key.slice(kind.length + 1);
      const last = collections[kind](good).get(name);
      if (last === undefined || !isGood(key, last) || last === items.get(name)) continue;
      items.set(name, last);
      pinned.set(key, problems);
    }
    return items;
  };
  /**
   * A route of a manifest is named by a hash of its rule, and so is its service: with the rule the name changes. Where it
   * stands does not.
   */
  const keepRenamedRoutes = (routers: Map<string, Item<unknown>>, services: Map<string, Item<unknown>>): void => {
    let gone: Map<string, Item<{ readonly service: string }>> | undefined;
    for (const [key, problems] of breakage) {
      const broken = key.startsWith('router ') ? next.routers.get(key.slice('router '.length)) : undefined;
      if (broken === undefined || good.routers.has(broken.name)) continue;
      gone ??= new Map(
        [...good.routers.values()].filter(({ name }) => !next.routers.has(name)).map((one) => [placeOf(one), one]),
      );
      const last = gone.get(placeOf(broken));
      if (last === undefined || !isGood(breakageKey('router', last.name), last)) continue;
      routers.delete(broken.name);
      routers.set(last.name, last);
      pinned.set(breakageKey('router', last.name), problems);
      const { service } = last.config;
      const lastService = good.services.get(service);
      if (lastService !== undefined && !services.has(service)) services.set(service, lastService);
    }
  };
  const routers = mend('router');
  const services = mend('service');
  keepRenamedRoutes(routers, services);
  const configuration = {
    ...next,
    routers,
    services,
    middlewares: mend('middleware'),
    serversTransports: mend('serversTransport'),
    tls: { ...next.tls, options: mend('tls') },
  } as DynamicConfiguration;
  return pinned.size === 0 ? undefined : { configuration, pinned };
}

/** Where an item is written, whatever it is named. */
function placeOf({ origin, path }: Item<unknown>): string {
  return JSON.stringify([origin.provider, origin.label, path]);
}
