import type { ItemKind, ItemStatus } from '../config/runtime/status.ts';
import type { StaticConfiguration } from '../config/static/schema.ts';
import { formatDiagnostic } from '../errors.ts';
import type { AdminFacts } from './admin-facts.ts';
import { version } from './version.ts';

/** Finds the document of an API path; undefined when there is none. */
export type ApiDocument = (
  path: string,
  query: URLSearchParams,
) => { readonly value: unknown; readonly headers: readonly (readonly [string, string])[] } | undefined;

const collections: Readonly<Record<string, ItemKind>> = {
  routers: 'router',
  services: 'service',
  middlewares: 'middleware',
  serversTransports: 'serversTransport',
};

/** The read-only API, with Traefik's paths and field names. */
export function apiDocuments(configuration: StaticConfiguration, facts: AdminFacts): ApiDocument {
  const startDate = new Date().toISOString();
  const item = (status: ItemStatus) => describeItem(status, facts);
  const all = (kind: ItemKind) => facts.status().items.filter((one) => one.kind === kind);

  return (path, query) => {
    const [, , section = '', second = '', ...rest] = path.split('/').map(decodeSegment);
    const plain = (value: unknown) => ({ value, headers: [] });
    if (section === 'version' && second === '') return plain({ Version: version, Codename: 'portcullis', startDate });
    if (section === 'overview' && second === '') return plain(overview(facts));
    if (section === 'rawdata' && second === '') return plain(rawData(facts));
    if (section === 'entrypoints') {
      const entrypoints = Object.entries(configuration.entryPoints).map(([name, one]) => ({
        name,
        ...one,
        address: one.address,
        listening: facts.addresses.get(name)?.port,
      }));
      if (second === '') return page(entrypoints, query);
      const found = entrypoints.find((one) => one.name === second);
      return found === undefined ? undefined : plain(found);
    }
    const kind = section === 'http' ? collections[second] : undefined;
    if (kind === undefined) return undefined;
    if (rest.length === 0 || rest[0] === '') return page(all(kind).map(item), query);
    const found = all(kind).find((one) => one.name === rest.join('/'));
    return found === undefined ? undefined : plain(item(found));
  };
}

/** A name as it was meant; what is no UTF-8 is nobody's name. */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Traefik's paging and filters: `search`, `status`, `page`, `per_page`; the next page's number in `X-Next-Page`. */
function page(
  items: readonly { readonly name: string; readonly status?: string }[],
  query: URLSearchParams,
): { value: unknown; headers: readonly (readonly [string, string])[] } {
  const search = query.get('search')?.toLowerCase();
  const status = query.get('status');
  const chosen = items.filter(
    (one) =>
      (search === undefined || one.name.toLowerCase().includes(search)) && (status === null || one.status === status),
  );
  const size = positive(query.get('per_page'), 100);
  const number = positive(query.get('page'), 1);
  const next = number * size < chosen.length ? number + 1 : 1;
  return { value: chosen.slice((number - 1) * size, number * size), headers: [['X-Next-Page', String(next)]] };
}

function positive(text: string | null, fallback: number): number {
  return text !== null && /^[1-9][0-9]{0,5}$/.test(text) ? Number(text) : fallback;
}

function describeItem(
  status: ItemStatus,
  facts: AdminFacts,
): { readonly name: string; readonly status: string; readonly [key: string]: unknown } {
  const { config } = status;
  const own =
    status.kind === 'middleware'
      ? { type: config['type'], [String(config['type'])]: config['options'] }
      : status.kind === 'service'
        ? { type: config['kind'], ...config, serverStatus: facts.services().get(status.name) }
        : config;
  return {
    ...own,
    name: status.name,
    provider: status.provider,
    status: status.status,
    ...(status.lastGood ? { lastGood: true } : {}),
    ...(status.usedBy.length > 0 ? { usedBy: status.usedBy } : {}),
    ...(status.problems.length > 0 ? { error: status.problems.map(formatDiagnostic) } : {}),
  };
}

function overview(facts: AdminFacts): unknown {
  const status = facts.status();
  const count = (kind: ItemKind) => {
    const items = status.items.filter((one) => one.kind === kind);
    return {
      total: items.length,
      warnings: items.filter((one) => one.status === 'warning').length,
      errors: items.filter((one) => one.status === 'disabled').length,
    };
  };
  return {
    http: { routers: count('router'), services: count('service'), middlewares: count('middleware') },
    generation: status.generation,
    loadedAt: status.loadedAt.toISOString(),
    providers: [...new Set(status.items.map((one) => one.provider))],
    problems: [...status.problems, ...status.refused].map(formatDiagnostic),
  };
}

function rawData(facts: AdminFacts): unknown {
  const result: Record<string, Record<string, unknown>> = {};
  for (const [name, kind] of Object.entries(collections)) {
    const items = facts.status().items.filter((one) => one.kind === kind);
    if (items.length > 0) result[name] = Object.fromEntries(items.map((one) => [one.name, describeItem(one, facts)]));
  }
  return result;
}
