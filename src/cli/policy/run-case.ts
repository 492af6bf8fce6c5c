import type { ObjectValue } from '../../expression/index.ts';
import type { CoverageRecorder } from '../../policy/analysis/index.ts';
import { type Decision, type ItemKind, itemShapes, type PolicyRequest, type PolicySet } from '../../policy/index.ts';
import type { ReadCase } from './case-file.ts';
import { describeRequest, requestKeys, requestOf } from './request.ts';
import { parseJsonValue } from './value-from.ts';

/** A case ready to run any number of times. */
export interface PreparedCase {
  readonly title: string;
  /** Undefined: the case is about lists only. */
  readonly request: PolicyRequest | undefined;
  /** The request for lists. */
  readonly lister: PolicyRequest;
  readonly case: ReadCase;
}

/** Why a case does not hold. `key` is what to point at in the file. */
export interface Miss {
  readonly key: 'expect' | 'rule' | 'visible';
  readonly expected: string;
  readonly actual: string;
  /** What settled it, for people. */
  readonly detail: readonly string[];
}

/** Builds the request of a case. Throws a SyntaxError when its JSON text is none. */
export function prepareCase(one: ReadCase): PreparedCase {
  const { written, claims, numberText } = one;
  const asks = requestKeys.some((key) => written[key] !== undefined);
  const lister = requestOf(
    { ...written, method: 'tools/list', message: undefined },
    claims,
    parseJsonValue,
    numberText,
  );
  const request = asks ? requestOf(written, claims, parseJsonValue, numberText) : undefined;
  const caller = written.caller === undefined ? '' : `${written.caller}: `;
  const title =
    written.name ?? caller + (request === undefined ? 'lists' : `${describeRequest(request)} → ${written.expect}`);
  return { title, request, lister: lister, case: one };
}

/** Runs a case; undefined when it holds. */
export function runCase(
  set: PolicySet,
  { request, lister, case: { written, offered } }: PreparedCase,
): Miss | undefined {
  if (request !== undefined) {
    const decision = set.decide(request);
    if (decision.outcome !== written.expect) {
      return {
        key: 'expect',
        expected: String(written.expect),
        actual: `${decision.outcome} by ${decider(decision)}`,
        detail: settled(decision),
      };
    }
    if (written.rule !== undefined && !isBy(decision, written.rule)) {
      return {
        key: 'rule',
        expected: `${written.expect} by ${ruleWords(written.rule)}`,
        actual: `${decision.outcome} by ${decider(decision)}`,
        detail: settled(decision),
      };
    }
  }
  for (const [kind, expected] of Object.entries(written.visible ?? {}) as [ItemKind, readonly string[]][]) {
    const view = set.viewOf(lister);
    const shown = (offered[kind] ?? []).filter((item) => view.shows(kind, item)).map((item) => nameOf(kind, item));
    if (shown.length !== expected.length || shown.some((name, index) => name !== expected[index])) {
      return {
        key: 'visible',
        expected: `${kind}: ${listed(expected)}`,
        actual: `${kind}: ${listed(shown)}`,
        detail: [],
      };
    }
  }
  return undefined;
}

/** Tells a recorder what a case did. */
export function coverCase(
  recorder: CoverageRecorder,
  { request, lister, case: { written, offered } }: PreparedCase,
): void {
  if (request !== undefined) recorder.noteRequest(request);
  for (const kind of Object.keys(written.visible ?? {}) as ItemKind[]) {
    for (const item of offered[kind] ?? []) recorder.noteItem(kind, item, lister);
  }
}

function nameOf(kind: ItemKind, item: ObjectValue): string {
  return String(item.get(itemShapes[kind].member));
}

function isBy(decision: Decision, rule: number | string): boolean {
  if (typeof rule === 'number') return decision.rule === rule;
  return decision.ruleName === rule || (decision.reason !== 'rule' && decision.reason === rule);
}

function ruleWords(rule: number | string): string {
  return typeof rule === 'number' ? `rule ${rule}` : rule;
}

/** What decided, in words: `rule 2 (admins)`, `default`. */
function decider(decision: Decision): string {
  if (decision.rule === undefined) return decision.reason;
  return `rule ${decision.rule}${decision.ruleName === undefined ? '' : ` (${decision.ruleName})`}`;
}

function settled(decision: Decision): string[] {
  const { settled: by } = decision.explanation({ argumentValues: true });
  if (by === undefined) return ['no rule applied'];
  const values = by.values.map(({ path, value }) => `${path} is ${value ?? 'absent'}`);
  return [`${by.expression} is ${by.outcome}${by.reason === undefined ? '' : ` (${by.reason})`}`, ...values];
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? '(nothing)' : names.join(', ');
}
