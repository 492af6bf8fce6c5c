import { isObject, type ObjectValue, type Value } from '../expression/index.ts';
import { anything, type Condition, nothing, type OpenFacts, type Possibility } from './condition.ts';
import type { PolicyRequest } from './facts.ts';
import { pathsOf } from './operand.ts';
import type { OutcomeSet } from './outcome-set.ts';
import { compilePolicyPath, type Path } from './path.ts';
import type { PolicySet } from './policy-set.ts';
import { fixed } from './possible-value.ts';
import { namesItem } from './recorded-fields.ts';
import type { Rule } from './rule.ts';
import { type View, viewsOf } from './view.ts';

/** A message that was decided before, as far as its record tells. */
export interface RecordedRequest {
  readonly kind: PolicyRequest['kind'];
  readonly method: string | undefined;
  readonly name: string | undefined;
  readonly uri: string | undefined;
  readonly protocolVersion: string | undefined;
  readonly route: string;
  readonly subject: string | undefined;
  /** Values by path, as `RecordedFields` has them. */
  readonly values: ReadonlyMap<string, Value>;
  readonly absent: ReadonlySet<string>;
}

/** What policies say about a recorded message. `unknown`: it depends on fields that the record lacks. */
export type Redecision =
  | { readonly outcome: 'allow' | 'deny'; readonly rule: Rule<'allow' | 'deny'> | undefined }
  | { readonly outcome: 'unknown'; readonly missing: readonly string[] };

/** Decides a recorded message by other policies. Nothing is guessed: a field that was not recorded can have any value. */
export function decideRecorded(set: PolicySet, record: RecordedRequest): Redecision {
  const knowledge = new Knowledge(record);
  const views = viewsOf(knowledge.request);
  if (views === undefined) return { outcome: 'deny', rule: undefined };
  const missing = new Set<string>();
  const primary = judge(set, views.primary, knowledge, missing);
  const verdicts = [primary, ...views.others.map((view) => judge(set, view, knowledge, missing))];
  let unsure = false;
  for (const verdict of verdicts) {
    if (verdict.length === 1 && verdict[0]?.outcome === 'deny') return verdict[0];
    if (verdict.some(({ outcome }) => outcome === 'deny')) unsure = true;
  }
  if (unsure) return { outcome: 'unknown', missing: [...missing].toSorted() };
  return { outcome: 'allow', rule: primary[0]?.rule };
}

interface Verdict {
  readonly outcome: 'allow' | 'deny';
  readonly rule: Rule<'allow' | 'deny'> | undefined;
}

/** The verdicts that are possible, one per outcome; a single one is certain. */
function judge(set: PolicySet, view: View, knowledge: Knowledge, missing: Set<string>): readonly Verdict[] {
  const possible = new Map<Verdict['outcome'], Verdict>();
  const open = knowledge.open(view);
  const add = (verdict: Verdict): void => {
    if (!possible.has(verdict.outcome)) possible.set(verdict.outcome, verdict);
  };
  const lacking: Rule[] = [];
  let settled = false;
  for (const rule of set.rules) {
    const { possibly, surely } = rule.canApply(open);
    if (!possibly) continue;
    add({ outcome: rule.action, rule });
    settled = surely;
    if (surely) break;
    lacking.push(rule);
  }
  if (!settled) {
    const standing = view.lifecycle || view.onlyRules ? 'allow' : set.defaultAction;
    add({ outcome: standing, rule: undefined });
  }
  if (possible.size > 1) {
    for (const rule of lacking)
      for (const condition of rule.program.leaves.values())
        for (const path of [condition.path, ...condition.operands.flatMap(pathsOf)])
          if (knowledge.lacks(path, view)) missing.add(path.text);
  }
  return [...possible.values()];
}

/** What a record tells of a message, in the shape that policies read. */
class Knowledge {
  readonly request: PolicyRequest;
  readonly #record: RecordedRequest;

  constructor(record: RecordedRequest) {
    this.#record = record;
    const roots = new Map<string, Map<string, Value>>();
    const paths = [...record.values].toSorted(([a], [b]) => a.length - b.length);
    for (const [text, value] of paths) {
      const path = parse(text);
      if (path !== undefined) place(roots, path.names, value);
    }
    const mcp = new Map<string, Value>(roots.get('mcp') ?? []);
    if (record.method !== undefined) mcp.set('method', record.method);
    const params = new Map(isObject(mcp.get('params')) ? (mcp.get('params') as ObjectValue) : []);
    if (namesItem(record.method)) {
      if (record.name !== undefined) params.set('name', record.name);
      if (record.uri !== undefined) params.set('uri', record.uri);
    }
    if (params.size > 0) mcp.set('params', params);
    const text = (path: string): string => {
      const value = record.values.get(path);
      return typeof value === 'string' ? value : '';
    };
    const annotations = roots.get('tool')?.get('annotations');
    const ip = record.values.get('client.ip');
    this.request = {
      kind: record.kind,
      mcp,
      jwt: roots.get('jwt'),
      http: {
        method: text('http.method'),
        host: text('http.host'),
        path: text('http.path'),
        header: (name) => headerValue(record.values.get(`http.headers.${name}`)),
      },
      client: { ip: typeof ip === 'string' ? ip : undefined },
      protocolVersion: record.protocolVersion,
      toolAnnotations: () => (isObject(annotations) ? annotations : undefined),
      route: record.route,
      subject: record.subject,
    };
  }

  open(view: View): OpenFacts {
    const open: OpenFacts = {
      facts: view.facts,
      at: (path): Possibility => {
        if (this.lacks(path, view)) return anything;
        const value = path.read(view.facts);
        return value === undefined ? nothing : { value: fixed(value), maybeAbsent: false };
      },
      possible: (condition: Condition): OutcomeSet => condition.possible(open),
    };
    return open;
  }

  /** True when the record does not tell what is at the path. */
  lacks(path: Path, view: View): boolean {
    const { values, absent } = this.#record;
    const [root, second, third] = path.names;
    if (root === 'mcp') {
      if (second === 'method' || second === 'protocolVersion') return false;
      // A completion or subscription is judged as the use of something, and such a use has no arguments.
      if (second === 'params' && view.as !== 'message' && third !== '_meta') return false;
      const isItem = (third === 'name' || third === 'uri') && path.names.length === 3;
      if (isItem && (namesItem(view.facts.method) || view.facts[third] !== undefined)) return false;
    }
    const known = new Set([...values.keys(), ...absent]);
    for (let length = path.names.length; length > 1; length--) {
      const prefix = path.names.slice(0, length).map(escapeName).join('.');
      if (known.has(prefix)) return false;
    }
    return true;
  }
}

function parse(text: string): Path | undefined {
  return compilePolicyPath(
    text,
    () => ({ offset: 0, length: 0 }),
    () => undefined,
  );
}

/** Puts a value at its place; below a value that was recorded whole there is nothing to add. */
function place(roots: Map<string, Map<string, Value>>, names: readonly string[], value: Value): void {
  const [root = '', ...rest] = names;
  let node = roots.get(root);
  if (node === undefined) {
    node = new Map();
    roots.set(root, node);
  }
  for (const [index, name] of rest.entries()) {
    if (index === rest.length - 1) {
      if (!node.has(name)) node.set(name, value);
      return;
    }
    const next: Value | undefined = node.get(name);
    if (next === undefined) {
      const made = new Map<string, Value>();
      node.set(name, made);
      node = made;
    } else if (isObject(next)) node = next as Map<string, Value>;
    else return;
  }
}

function escapeName(name: string): string {
  return name.replaceAll('\\', '\\\\').replaceAll('.', '\\.');
}

function headerValue(value: Value | undefined): string | readonly string[] | undefined {
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : undefined;
}
