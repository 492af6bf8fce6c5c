import { randomUUID } from 'node:crypto';
import { type OutcomeName, outcomeName } from '../expression/index.ts';
import type { UndeterminedReason } from './condition.ts';
import type { Facts, PolicyRequest } from './facts.ts';
import { isArgumentPath } from './path.ts';
import type { Rule } from './rule.ts';
import { fieldsRead, settlingNode, traceExpression } from './trace.ts';
import { valueText } from './value-text.ts';

/**
 * Why a decision came out as it did: a rule applied; none did and the default stands; the method is one that is always let
 * through; or the message does not say what it concerns and so cannot be judged.
 */
export type DecisionReason = 'rule' | 'default' | 'lifecycle' | 'malformed';

/** The record of one decision as plain data, for logs, spans and the audit stream. Holds no argument values. */
export interface DecisionRecord {
  readonly id: string;
  /** ISO 8601. */
  readonly time: string;
  readonly outcome: 'allow' | 'deny';
  readonly reason: DecisionReason;
  /** Index of the rule that decided, from 0. */
  readonly rule: number | undefined;
  readonly ruleName: string | undefined;
  /** SHA-256 of the policy set in hexadecimal. */
  readonly policySet: string;
  readonly middleware: string;
  readonly route: string;
  readonly kind: PolicyRequest['kind'];
  readonly method: string | undefined;
  /** Tool or prompt name, or the id of a task. */
  readonly name: string | undefined;
  readonly uri: string | undefined;
  readonly subject: string | undefined;
}

/** What settled a decision, for people. */
export interface Explanation {
  /** The smallest sub-expression of the deciding rule that settled it; undefined when no rule decided. */
  readonly settled:
    | {
        readonly expression: string;
        readonly outcome: OutcomeName;
        readonly reason: UndeterminedReason | undefined;
        readonly values: readonly ReadValue[];
      }
    | undefined;
  /** Paths whose values could matter to the decision, each once. */
  readonly fieldsRead: readonly string[];
}

/** What was at a path. */
export interface ReadValue {
  readonly path: string;
  /** False: there was nothing. */
  readonly present: boolean;
  /** The value as JSON text, shortened; undefined when there was none or it is withheld. */
  readonly value: string | undefined;
  /** True for argument values that the operator did not opt in to see. */
  readonly withheld: boolean;
}

/** What `policy/` knows when it decides. */
export interface DecisionParts {
  readonly request: PolicyRequest;
  /** The view of the message that settled it. */
  readonly facts: Facts;
  readonly outcome: 'allow' | 'deny';
  readonly reason: DecisionReason;
  readonly rule: Rule | undefined;
  readonly policySet: { readonly hash: string; readonly middleware: string; candidates(facts: Facts): readonly Rule[] };
}

const key = Symbol('only makeDecision may construct a Decision');
let made = 0;

/**
 * What the policies said about one message: immutable, and only this room can make one, so that holding a decision proves
 * that the policies were asked.
 */
export class Decision {
  readonly #parts: DecisionParts;
  readonly #time: number;
  readonly #number: number;
  #random: string | undefined = undefined;

  constructor(parts: DecisionParts, proof: symbol) {
    if (proof !== key) throw new TypeError('decisions are made by deciding');
    this.#parts = parts;
    this.#time = Date.now();
    made += 1;
    this.#number = made;
  }

  /** True only for what {@link makeDecision} made; nothing else passes, whatever its shape. */
  static is(value: unknown): value is Decision {
    return typeof value === 'object' && value !== null && #parts in value;
  }

  get outcome(): 'allow' | 'deny' {
    return this.#parts.outcome;
  }

  get allowed(): boolean {
    return this.#parts.outcome === 'allow';
  }

  get reason(): DecisionReason {
    return this.#parts.reason;
  }

  /** Index of the rule that decided, from 0. */
  get rule(): number | undefined {
    return this.#parts.rule?.index;
  }

  get ruleName(): string | undefined {
    return this.#parts.rule?.name;
  }

  /** Unique; begins with the exchange's id when the request came with one. Not guessable otherwise. */
  get id(): string {
    const { exchange } = this.#parts.request;
    if (exchange === undefined) this.#random ??= randomUUID();
    return exchange === undefined ? (this.#random as string) : `${exchange.id}-${this.#number.toString(36)}`;
  }

  /** No other decision of this process has it; ids end with it, in base 36. */
  get number(): number {
    return this.#number;
  }

  /** Milliseconds since 1970. */
  get time(): number {
    return this.#time;
  }

  get middleware(): string {
    return this.#parts.policySet.middleware;
  }

  get route(): string {
    return this.#parts.request.route;
  }

  get policySet(): string {
    return this.#parts.policySet.hash;
  }

  get method(): string | undefined {
    return textOf(this.#parts.request.mcp.get('method'));
  }

  /** Tool or prompt name, or the id of a task. */
  get name(): string | undefined {
    const { name, params } = this.#parts.facts;
    if (typeof name === 'string') return name;
    if (this.method?.startsWith('tasks/') !== true || !(params instanceof Map)) return undefined;
    return textOf(params.get('taskId'));
  }

  get uri(): string | undefined {
    return textOf(this.#parts.facts.uri);
  }

  get subject(): string | undefined {
    const { subject, jwt } = this.#parts.request;
    return subject ?? textOf(jwt?.get('sub'));
  }

  /** The record of section 8 of the policy language as plain data. */
  record(): DecisionRecord {
    return Object.freeze({
      id: this.id,
      time: new Date(this.#time).toISOString(),
      outcome: this.outcome,
      reason: this.reason,
      rule: this.rule,
      ruleName: this.ruleName,
      policySet: this.policySet,
      middleware: this.middleware,
      route: this.route,
      kind: this.#parts.request.kind,
      method: this.method,
      name: this.name,
      uri: this.uri,
      subject: this.subject,
    });
  }

  toJSON(): DecisionRecord {
    return this.record();
  }

  /** Works out what settled the decision. Argument values are withheld unless the operator opted in. */
  explanation(options: { readonly argumentValues?: boolean } = {}): Explanation {
    const { rule, policySet, facts } = this.#parts;
    const fields = new Set<string>();
    for (const each of policySet.candidates(facts)) {
      fieldsRead(traceExpression(each.program, facts), fields);
      if (each === rule) break;
    }
    if (rule === undefined) return { settled: undefined, fieldsRead: [...fields] };
    const { text, outcome, reason, reads } = settlingNode(traceExpression(rule.program, facts));
    const values = reads.map(({ path, value }): ReadValue => {
      const withheld = value !== undefined && options.argumentValues !== true && isArgumentPath(path);
      const shown = value === undefined || withheld ? undefined : valueText(value);
      return { path: path.text, present: value !== undefined, value: shown, withheld };
    });
    return { settled: { expression: text, outcome: outcomeName(outcome), reason, values }, fieldsRead: [...fields] };
  }
}

/** For `policy-set.ts` only. */
export function makeDecision(parts: DecisionParts): Decision {
  return new Decision(parts, key);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
