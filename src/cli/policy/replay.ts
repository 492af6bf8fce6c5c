import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { decideRecorded, type PolicySet } from '../../policy/index.ts';
import { type RecordedDecision, readRecordedDecision } from '../../telemetry/audit/recorded-decision.ts';
import { type CommandDefinition, UsageError } from '../command.ts';
import { exitCode } from '../exit-code.ts';
import { pickPolicies, readWritten } from './choose-policies.ts';

/** A recorded decision that would come out otherwise, or that cannot be made again. */
interface Difference {
  readonly change: 'gains' | 'loses' | 'unknown';
  readonly subject: string;
  readonly what: string;
  /** The rule that would decide, or the fields that are missing. */
  readonly because: string;
  readonly decisions: number;
}

export const command: CommandDefinition = {
  configure(replay) {
    replay
      .requiredOption('--log <files...>', 'audit files with recorded decisions')
      .requiredOption('--policy <paths...>', 'files and folders with the policies to try')
      .option('--middleware <name>', 'the middleware whose policies are tried on all records')
      .option('--json', 'the result as JSON')
      .addHelpText(
        'after',
        `
Decides recorded decisions again, offline, by other policies, and tells who would gain and lose what. Nothing is guessed:
where a record lacks a field that the new policies read, and the outcome depends on it, it says so.

Exit code 0 when nothing would change, 1 otherwise.

Examples:
  portcullis policy replay --log audit.jsonl --policy ./routes-new
  portcullis policy replay --log audit.jsonl --policy new.yaml --middleware guard@file`,
      );
  },
  async execute({ options, out, cwd }) {
    const choose = chooser(await readWritten(options['policy'] as string[], cwd), options['middleware']);
    const tally = new Tally();
    for (const file of options['log'] as string[]) {
      try {
        for await (const line of createInterface({ input: createReadStream(resolve(cwd, file)) })) {
          const record = readRecordedDecision(line);
          if (record !== undefined) tally.take(record, choose(record.middleware));
        }
      } catch (error) {
        if (error instanceof UsageError) throw error;
        throw new UsageError(`${file} cannot be read (${error instanceof Error ? error.message : String(error)})`);
      }
    }
    const { decisions, skipped, differences } = tally;
    if (options['json'] === true) out(`${JSON.stringify({ decisions, skipped, differences }, undefined, 2)}\n`);
    else {
      for (const { change, subject, what, because, decisions: count } of differences)
        out(`${change.padEnd(7)} ${subject}  ${what}  (${count}×, ${because})\n`);
      const changed = differences.filter(({ change }) => change !== 'unknown');
      const sum = (list: readonly Difference[]) => list.reduce((total, one) => total + one.decisions, 0);
      out(
        `${decisions} decisions: ${sum(changed)} would change, ${sum(differences) - sum(changed)} cannot be decided again${skipped === 0 ? '' : `, ${skipped} of middlewares that the new policies do not have`}\n`,
      );
    }
    return differences.length === 0 ? exitCode.ok : exitCode.failed;
  },
};

/** Which policies a record is tried on: those of its own middleware, or of the one that was named. */
function chooser(
  read: Awaited<ReturnType<typeof readWritten>>,
  named: unknown,
): (middleware: string) => PolicySet | undefined {
  if (typeof named === 'string') {
    const { policies } = pickPolicies(read, named);
    return () => policies;
  }
  if (read.written.length === 0) throw new UsageError('--policy: no mcp middleware in it');
  const byName = new Map(read.written.map(({ name, policies }) => [name, policies]));
  return (middleware) => byName.get(middleware);
}

class Tally {
  decisions = 0;
  skipped = 0;
  readonly #differences = new Map<string, { -readonly [Key in keyof Difference]: Difference[Key] }>();

  take(record: RecordedDecision, set: PolicySet | undefined): void {
    if (set === undefined) {
      this.skipped += 1;
      return;
    }
    this.decisions += 1;
    const again = decideRecorded(set, record);
    if (again.outcome === record.outcome) return;
    const change = again.outcome === 'unknown' ? 'unknown' : again.outcome === 'allow' ? 'gains' : 'loses';
    const subject = record.subject ?? '(anonymous)';
    const what = [record.method ?? record.kind, record.name ?? record.uri].filter((one) => one !== undefined).join(' ');
    const because =
      again.outcome === 'unknown'
        ? `not recorded: ${again.missing.join(', ')}`
        : again.rule === undefined
          ? 'by default'
          : `rule ${again.rule.name ?? again.rule.index}`;
    const key = JSON.stringify([change, subject, what, because]);
    const known = this.#differences.get(key);
    if (known === undefined) this.#differences.set(key, { change, subject, what, because, decisions: 1 });
    else known.decisions += 1;
  }

  get differences(): readonly Difference[] {
    const order = { loses: 0, gains: 1, unknown: 2 } as const;
    return [...this.#differences.values()].toSorted(
      (a, b) => order[a.change] - order[b.change] || a.subject.localeCompare(b.subject) || a.what.localeCompare(b.what),
    );
  }
}
