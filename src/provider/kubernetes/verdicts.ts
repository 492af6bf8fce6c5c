import type { DynamicConfiguration, Item } from '../../config/dynamic/model.ts';
import type { RuntimeStatus } from '../../config/runtime/status.ts';
import { type Diagnostic, formatDiagnostic } from '../../errors.ts';
import type { ApiObject } from './api-object.ts';

/** What is to be said of an object. */
export interface Verdict {
  readonly object: ApiObject;
  readonly accepted: boolean;
  /** Code of the worst problem; `Accepted` without any. */
  readonly reason: string;
  /** As `portcullis check` prints it, carets included; empty without problems. */
  readonly text: string;
}

/** Objects by what diagnostics call them: `Middleware apps/deepwiki-mcp-jwt`. */
export type LabelledObjects = ReadonlyMap<string, ApiObject>;

/** Which object each item of a configuration was made of. Keys are kind and name. */
export type ItemOwners = ReadonlyMap<string, string>;

export function labelObjects(objects: readonly ApiObject[]): LabelledObjects {
  return new Map(
    objects.map((object) => [`${object.kind} ${object.metadata.namespace}/${object.metadata.name}`, object]),
  );
}

export function itemOwners(configuration: DynamicConfiguration): ItemOwners {
  const { routers, services, middlewares, serversTransports } = configuration;
  const groups: readonly (readonly [string, ReadonlyMap<string, Item<unknown>>])[] = [
    ['router', routers],
    ['service', services],
    ['middleware', middlewares],
    ['serversTransport', serversTransports],
  ];
  return new Map(
    groups.flatMap(([kind, items]) => [...items.values()].map((item) => [`${kind} ${item.name}`, item.origin.label])),
  );
}

/** What the gateway found out, sorted by object: one verdict for each object of a routing kind. */
export function judgeObjects(status: RuntimeStatus, objects: LabelledObjects, owners: ItemOwners): readonly Verdict[] {
  const problems = new Map<string, Map<string, Diagnostic>>();
  const pinned = new Set<string>();
  const add = (label: string | undefined, problem: Diagnostic): void => {
    if (label === undefined || problem.severity === 'info' || !objects.has(label)) return;
    const known = problems.get(label) ?? new Map<string, Diagnostic>();
    problems.set(label, known.set(formatDiagnostic(problem), problem));
  };
  for (const item of status.items) {
    const owner = owners.get(`${item.kind} ${item.name}`);
    for (const problem of item.problems) {
      add(owner, problem);
      // A problem of a Middleware that is told with a route belongs to the Middleware, too.
      const subject = labelOf(problem);
      if (subject !== owner) add(subject, problem);
    }
    if (item.lastGood && owner !== undefined) pinned.add(owner);
  }
  for (const problem of status.problems) add(labelOf(problem), problem);
  return [...objects]
    .filter(([, { apiVersion }]) => apiVersion.startsWith('traefik.io/'))
    .map(([label, object]) => verdictOf(object, [...(problems.get(label)?.values() ?? [])], pinned.has(label)));
}

function verdictOf(object: ApiObject, problems: readonly Diagnostic[], pinned: boolean): Verdict {
  const errors = problems.filter(({ severity }) => severity === 'error');
  const lines = [...errors, ...problems.filter((problem) => !errors.includes(problem))].map(formatDiagnostic);
  if (pinned) lines.push('The last good version goes on serving.');
  const accepted = errors.length === 0;
  const reason = accepted
    ? problems.length === 0
      ? 'Accepted'
      : 'AcceptedWithWarnings'
    : (errors[0]?.code ?? 'Broken');
  return { object, accepted, reason, text: lines.join('\n') };
}

function labelOf({ subject }: Diagnostic): string | undefined {
  return subject === undefined ? undefined : /^\S+ [^\s:]+/.exec(subject)?.[0];
}
