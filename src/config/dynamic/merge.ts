import { type Diagnostic, formatDiagnostic } from '../../errors.ts';
import { diagnose } from '../diagnose.ts';
import type { DynamicConfiguration, Item, TlsCertificateConfig } from './model.ts';

/** What there is when nothing is configured. */
export const emptyConfiguration: DynamicConfiguration = {
  routers: new Map(),
  services: new Map(),
  middlewares: new Map(),
  serversTransports: new Map(),
  tls: { certificates: [], options: new Map() },
  problems: [],
};

/**
 * Puts together what several providers, or several forms of one provider, know. An item that two of them define is
 * broken: which one is meant cannot be known.
 */
export function mergeConfigurations(configurations: readonly DynamicConfiguration[]): DynamicConfiguration {
  const problems = configurations.flatMap((configuration) => configuration.problems);
  const defaults = configurations.flatMap(({ tls }) =>
    tls.defaultCertificate === undefined ? [] : [tls.defaultCertificate],
  );
  return {
    routers: mergeItems(
      configurations.map(({ routers }) => routers),
      'keep both',
    ),
    services: mergeItems(configurations.map(({ services }) => services)),
    middlewares: mergeItems(configurations.map(({ middlewares }) => middlewares)),
    serversTransports: mergeItems(configurations.map(({ serversTransports }) => serversTransports)),
    tls: {
      certificates: configurations.flatMap(({ tls }) => tls.certificates),
      options: mergeItems(configurations.map(({ tls }) => tls.options)),
      defaultCertificate: singleDefault(defaults),
    },
    problems,
  };
}

/**
 * @param clash `keep both`: of two items of one name both stay, broken, the second under another name; for routers, each
 *   of which must close the requests of its own rule
 */
function mergeItems<Config>(
  maps: readonly ReadonlyMap<string, Item<Config>>[],
  clash: 'keep first' | 'keep both' = 'keep first',
): ReadonlyMap<string, Item<Config>> {
  const merged = new Map<string, Item<Config>>();
  for (const item of maps.flatMap((items) => [...items.values()])) {
    const before = merged.get(item.name);
    const after = before === undefined ? item : conflicting(before, item);
    merged.set(item.name, after);
    if (before === undefined || clash === 'keep first') continue;
    const [plain, provider] = item.name.split('@');
    const name = `${plain}-${merged.size}@${provider}`;
    merged.set(name, { ...item, name, problems: after.problems });
  }
  return merged;
}

function conflicting<Config>(before: Item<Config>, item: Item<Config>): Item<Config> {
  const problem = diagnose(item.origin, item.path, {
    code: 'CONFIG_DUPLICATE',
    severity: 'error',
    message: `\`${item.name}\` is defined by ${before.origin.label} already`,
    hint: 'rename or remove one of them',
  });
  return { ...before, problems: [...before.problems, problem] };
}

/** The one default certificate; with several, a broken one. */
export function singleDefault([first, ...others]: readonly Item<TlsCertificateConfig>[]):
  | Item<TlsCertificateConfig>
  | undefined {
  return first === undefined ? undefined : others.reduce(conflicting, first);
}

/** Every problem of a configuration once, by file and line. */
export function collectProblems(configuration: DynamicConfiguration): readonly Diagnostic[] {
  const { routers, services, middlewares, serversTransports, tls, problems } = configuration;
  const items: Iterable<Item<unknown>>[] = [
    middlewares.values(),
    serversTransports.values(),
    tls.options.values(),
    tls.certificates,
    tls.defaultCertificate === undefined ? [] : [tls.defaultCertificate],
    services.values(),
    routers.values(),
  ];
  const all = [...problems, ...items.flatMap((group) => [...group].flatMap((item) => item.problems))];
  const once = new Map(all.map((diagnostic) => [formatDiagnostic(diagnostic), diagnostic]));
  return [...once.values()].sort(
    (a, b) =>
      (a.at?.file ?? '').localeCompare(b.at?.file ?? '') ||
      (a.at?.line ?? 0) - (b.at?.line ?? 0) ||
      (a.at?.column ?? 0) - (b.at?.column ?? 0),
  );
}
