import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { isObject, type ObjectValue } from '../../expression/index.ts';
import { type PathValue, requestFrom } from '../../policy/analysis/index.ts';
import { compilePolicyPath, type PolicyRequest, type PolicySet, policyPaths } from '../../policy/index.ts';
import { type RecordedDecision, readRecordedDecision } from '../../telemetry/audit/recorded-decision.ts';
import { UsageError } from '../command.ts';
import { parseJsonValue } from './value-from.ts';

/** A request as far as an audit record tells it. */
export interface RecordedRequest {
  readonly request: PolicyRequest;
  readonly middleware: string;
  readonly outcome: 'allow' | 'deny';
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
      if (record !== undefined && decisionId(line) === id) return rebuild(record);
    }
  } catch (error) {
    throw new UsageError(`${log} cannot be read (${error instanceof Error ? error.message : String(error)})`);
  }
  throw new UsageError(`${log} holds no decision ${id}`);
}

function decisionId(line: string): unknown {
  const record = parseJsonValue(line);
  const decision = isObject(record) ? record.get('decision') : undefined;
  return isObject(decision) ? (decision as ObjectValue).get('id') : undefined;
}

function rebuild(record: RecordedDecision): RecordedRequest {
  const { method, name, uri, protocolVersion } = record;
  const own = {
    'mcp.method': method,
    'mcp.params.name': name,
    'mcp.params.uri': uri,
    'mcp.protocolVersion': protocolVersion,
  };
  const texts = Object.entries(own).filter((entry): entry is [string, string] => entry[1] !== undefined);
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
    outcome: record.outcome,
    policySet: record.policySet,
    unknownPaths: (set) =>
      policyPaths(set)
        .map(({ text }) => text)
        .filter((text) => !told.has(text)),
  };
}
