import type { IndexField } from '../demand.ts';
import { compilePolicyPath, type Path } from '../path.ts';
import type { PolicySet } from '../policy-set.ts';
import type { Rule } from '../rule.ts';
import type { CellView, Pinned } from './cells.ts';

const indexFields = ['method', 'name', 'uri'] as const;
const demandedPaths = {
  method: pathOf('mcp.method'),
  name: pathOf('mcp.params.name'),
  uri: pathOf('mcp.params.uri'),
} as const;

function pathOf(text: string): Path {
  const path = compilePolicyPath(
    text,
    () => ({ offset: 0, length: 0 }),
    () => {},
  );
  if (path === undefined) throw new TypeError(`there is no path ${text}`);
  return path;
}

/** Tells rules that are about other methods or items than a view has, before anything is evaluated. */
export class ViewDemands {
  readonly #demanded = new Map<CellView, Readonly<Record<IndexField, Pinned>>>();

  /** Whether a rule demands another method or item than a view has: then it does not apply, whatever else is asked. */
  isElsewhere({ demand }: Rule, view: CellView): boolean {
    const pinned = this.#pinned(view);
    return indexFields.some((field) => {
      const wanted = demand[field];
      if (wanted === undefined) return false;
      const value = pinned[field];
      return value === undefined || (typeof value === 'string' && !wanted.has(value));
    });
  }

  /** The rules that are about the method and the item of a view, in their order; no other one applies there. */
  rulesOf(set: PolicySet, view: CellView): readonly Rule<'allow' | 'deny'>[] {
    const { method, name, uri } = this.#pinned(view);
    if (typeof method !== 'string') return set.rules.filter((rule) => !this.isElsewhere(rule, view));
    const own = typeof name === 'string' ? set.rulesForUse(method, 'name', name) : undefined;
    const rules = own ?? (typeof uri === 'string' ? set.rulesForUse(method, 'uri', uri) : set.rulesForUse(method));
    return rules.filter((rule) => !this.isElsewhere(rule, view));
  }

  #pinned(view: CellView): Readonly<Record<IndexField, Pinned>> {
    let pinned = this.#demanded.get(view);
    if (pinned === undefined) {
      const { method, name, uri } = demandedPaths;
      pinned = { method: view.pin(method), name: view.pin(name), uri: view.pin(uri) };
      this.#demanded.set(view, pinned);
    }
    return pinned;
  }
}
