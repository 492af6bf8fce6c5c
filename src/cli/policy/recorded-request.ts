import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { isObject, type ObjectValue } from '../../expression/index.ts';
import { jsonText, type PathValue, requestFrom } from '../../policy/analysis/index.ts';
import { compilePolicyPath, namesItem, type PolicyRequest, type PolicySet, policyPaths } from '../../policy/index.ts';
import { type RecordedDecision, readRecordedDecision } from '../../telemetry/audit/recorded-decision.ts';
import { UsageError } from '../command.ts';
import { parseJsonValue } from './value-from.ts';
import { verdictText } from './walk-text.ts';

/** A request as far as an audit record tells it. */
export interface RecordedRequest {
  readonly request: PolicyRequest;
  readonly middleware: string;
  /** What was decided then, and by what: `deny by rule 1 (limit)`. */
  readonly verdict: string;
  /** True for a decision that comes to the same, by the same rule. */
  agrees(decision: { readonly outcome: string; readonly rule: number | undefined }): boolean;
  readonly policySet: string;
  /** Paths that policies read and the record says nothing about. */
  unknownPaths(set: PolicySet): readonly string[];
}

/** Finds a decision in an audit file by its id. Throws a UsageError when it is not there. */
export async function findRecorded(log: string, id: string, cwd: string): Promise<RecordedRequest> {
  try {
    for await (const line of createInterface({ input: createReadStream(resolve(cwd, log)) })) {
      if (!line.includes(id)) continue;
      const record = readRecordedDecision(line);
      const decision = decisionOf(line);
      if (record !== undefined && decision.get('id') === id) return rebuild(record, decision);
    }
  } catch (error) {
    throw new UsageError(`${log} cannot be read (${error instanceof Error ? error.message : String(error)})`);
  }
  throw new UsageError(`${log} holds no decision ${id}`);
}

function decisionOf(line: string): ObjectValue {
  const record = parseJsonValue(line);
  const decision = isObject(record) ? record.get('decision') : undefined;
  return isObject(decision) ? decision : new Map();
}

function rebuild(record: RecordedDecision, decision: ObjectValue): RecordedRequest {
  const written = decision.get('rule');
  const rule = written === undefined ? undefined : Number(jsonText(written));
  const ruleName = decision.get('ruleName');
  const { method, name, uri, protocolVersion } = record;
  const own = {
    'mcp.method': method,
    'mcp.protocolVersion': protocolVersion,
    // Of other methods the record names what the message stands for, which is no parameter of it.
    ...(namesItem(method) ? { 'mcp.params.name': name, 'mcp.params.uri': uri } : {}),
  };
  const texts = Object.entries<string | undefined>(own).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const values = [...texts, ...record.values].flatMap(([path, value]): PathValue[] => {
    const names = compilePolicyPath(
      path,
      () => ({ offset: 0, length: 0 }),
      () => {},
    )?.names;
    return names === undefined ? [] : [{ names, value }];
  });
  const request = requestFrom({ kind: record.kind, values: [{ names: ['mcp', 'jsonrpc'], value: '2.0' }, ...values] });
  const told = new Set([...Object.keys(own), ...record.values.keys(), ...record.absent, 'mcp.jsonrpc']);
  return {
    request: { ...request, route: record.route, subject: record.subject },
    middleware: record.middleware,
    verdict: verdictText({
      outcome: record.outcome,
      reason: String(decision.get('reason') ?? 'a reason that was not recorded'),
      rule,
      ruleName: typeof ruleName === 'string' ? ruleName : undefined,
    }),
    agrees: (again) => again.outcome === record.outcome && again.rule === rule,
    policySet: record.policySet,
    unknownPaths: (set) =>
      policyPaths(set)
        .map(({ text }) => text)
        .filter((text) => !told.has(text)),
  };
}
