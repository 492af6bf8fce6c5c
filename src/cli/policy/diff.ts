import { Option } from 'commander';
import type { WrittenPolicies } from '../../gateway/written-policies.ts';
import { type Change, diffPolicies, jsonText, type ListChange, type PolicyDiff } from '../../policy/analysis/index.ts';
import { compilePolicySet, itemShapes, type PolicyRequest } from '../../policy/index.ts';
import { type CommandDefinition, UsageError } from '../command.ts';
import { exitCode } from '../exit-code.ts';
import { pickPolicies, readWritten } from './choose-policies.ts';
import { conditionText, exampleText } from './example-text.ts';
import { offeredNames } from './load-facts.ts';

export const command: CommandDefinition = {
  configure(diff) {
    diff
      .argument('<old>', 'file or folder with the policies before')
      .argument('<new>', 'file or folder with the policies after')
      .option('--middleware <name>', 'only this mcp middleware')
      .option('--tools <file>', 'the answer of the upstream to tools/list: look at these names one by one')
      .option('--json', 'the result as JSON')
      .addOption(
        new Option('--fail-on <what>', 'what makes the exit code 1')
          .choices(['gained', 'any', 'never'])
          .default('never'),
      )
      .addHelpText(
        'after',
        `
Every change comes with a request that both policies were tried on. What is not named is decided alike for everybody; what
could not be settled is listed as unknown, and counts for --fail-on.

Examples:
  portcullis policy diff ./routes ./routes-new
  git show main:routes/policy.yaml > /tmp/old.yaml && portcullis policy diff /tmp/old.yaml routes/policy.yaml --fail-on gained`,
      );
  },
  async execute({ operands, options, cwd, out }) {
    const [oldPath, newPath] = operands;
    if (oldPath === undefined || newPath === undefined) throw new UsageError('name the policies before and after');
    const [before, after] = [await readWritten([oldPath], cwd), await readWritten([newPath], cwd)];
    const name = typeof options['middleware'] === 'string' ? options['middleware'] : undefined;
    const pairs =
      name === undefined
        ? pairUp(before.written, after.written)
        : [{ name, before: pickPolicies(before, name), after: pickPolicies(after, name) }];
    const names = typeof options['tools'] === 'string' ? offeredNames(options['tools'], cwd, 'tools', 'name') : [];
    const results = pairs.map((pair) => ({
      name: pair.name,
      note: noteOf(pair),
      diff: diffPolicies(policiesOf(pair.before, pair.name), policiesOf(pair.after, pair.name), { names }),
    }));
    if (options['json'] === true) {
      out(
        `${JSON.stringify(
          results.map(({ name: middleware, diff }) => ({ middleware, ...plainDiff(diff) })),
          undefined,
          2,
        )}\n`,
      );
    } else {
      for (const { name: middleware, note, diff } of results)
        out(`${[`${middleware}${note}`, ...diffLines(diff)].join('\n')}\n`);
    }
    const failing = options['failOn'];
    const failed = results.some(({ diff }) =>
      failing === 'any' ? !isEmpty(diff) : failing === 'gained' && somethingGained(diff),
    );
    return failed ? exitCode.failed : exitCode.ok;
  },
};

interface Pair {
  readonly name: string;
  readonly before: WrittenPolicies | undefined;
  readonly after: WrittenPolicies | undefined;
}

/** Middlewares by name; one on each side is a pair whatever the names. */
function pairUp(before: readonly WrittenPolicies[], after: readonly WrittenPolicies[]): Pair[] {
  const [onlyBefore, onlyAfter] = [before[0], after[0]];
  if (before.length === 1 && after.length === 1 && onlyBefore !== undefined && onlyAfter !== undefined)
    return [{ name: onlyAfter.name, before: onlyBefore, after: onlyAfter }];
  const names = new Set([...before, ...after].map(({ name }) => name));
  return [...names].map((name) => ({
    name,
    before: before.find((one) => one.name === name),
    after: after.find((one) => one.name === name),
  }));
}

function noteOf({ before, after }: Pair): string {
  if (before === undefined) return ' (new: before, everything counts as allowed)';
  return after === undefined ? ' (gone: after, everything counts as allowed)' : '';
}

/** Without an mcp middleware nothing is refused. */
function policiesOf(written: WrittenPolicies | undefined, middleware: string) {
  if (written !== undefined) return written.policies;
  const open = compilePolicySet({ defaultAction: 'allow' }, { middleware, diagnose: (problem) => problem });
  if (!open.ok) throw new TypeError('no policies at all cannot be wrong');
  return open.policies;
}

function isEmpty({ changes, unknown, unexamined, lists, unknownLists }: PolicyDiff): boolean {
  return [changes, unknown, unexamined, lists, unknownLists].every((found) => found.length === 0);
}

function somethingGained({ changes, unknown, unexamined, lists, unknownLists }: PolicyDiff): boolean {
  return (
    unexamined.length > 0 ||
    [...changes, ...unknown, ...lists, ...unknownLists].some(({ direction }) => direction === 'gained')
  );
}

type Subject = Pick<Change, 'kind' | 'method' | 'item'>;

function subjectText({ kind, method, item }: Subject): string {
  if (kind === 'stream') return 'opening the stream';
  if (kind === 'end-session') return 'ending the session';
  if (kind === 'response') return 'responses';
  const name = method ?? 'any other method';
  if (item === undefined) return name;
  return `${name} ${item.value ?? (item.key === 'name' ? '(any other name)' : '(any other URI)')}`;
}

function diffLines(diff: PolicyDiff): string[] {
  if (isEmpty(diff)) return ['  nothing changes for anybody', ''];
  const lines: string[] = [];
  const marks = { gained: '+', lost: '-' };
  // Methods that change in the same way are told together.
  for (const same of Map.groupBy(
    diff.changes,
    (change) => `${change.direction}\n${whenLines(change).join('\n')}`,
  ).values()) {
    const [first] = same;
    if (first === undefined) continue;
    lines.push(
      `  ${marks[first.direction]} ${same.map(subjectText).join(', ')}: ${first.direction}`,
      ...whenLines(first),
    );
    if (first.example !== undefined) lines.push(`      for example ${exampleText(first.example)}`);
  }
  for (const change of diff.unknown)
    lines.push(`  ? ${subjectText(change)}: perhaps ${change.direction}`, ...whenLines(change));
  for (const cell of diff.unexamined) lines.push(`  ? ${subjectText(cell)}: too complicated to examine in full`);
  for (const change of diff.lists)
    lines.push(`  ${marks[change.direction]} ${listText(change)}: ${change.direction}`, ...listExample(change));
  for (const change of diff.unknownLists) lines.push(`  ? ${listText(change)}: perhaps ${change.direction}`);
  return [...lines, ''];
}

function whenLines({ conditions, more }: Change): string[] {
  const lines = conditions.map(
    (condition, index) =>
      `      ${condition.literals.length === 0 ? '' : index === 0 ? 'when ' : '  or '}${conditionText(condition)}`,
  );
  return more ? [...lines, '        or in other cases'] : lines;
}

function listText({ list, item }: ListChange): string {
  return `${itemShapes[list].listMethod} shows ${item ?? '(any other)'}`;
}

function listExample({ example }: ListChange): string[] {
  if (example === undefined) return [];
  const { jwt } = example.request;
  return [
    `      for example to ${jwt === undefined ? 'a caller without claims' : `a caller with ${jsonText(jwt)}`}: ${jsonText(example.item)}`,
  ];
}

/** The result as data for programs. */
function plainDiff(diff: PolicyDiff) {
  const change = (each: Change) => ({
    direction: each.direction,
    kind: each.kind,
    method: each.method ?? null,
    item: each.item?.value ?? null,
    conditions: each.conditions.map(conditionText),
    more: each.more,
    example: each.example === undefined ? null : plainRequest(each.example),
  });
  const listChange = ({ direction, list, item, example }: ListChange) => ({
    direction,
    list,
    item: item ?? null,
    example:
      example === undefined ? null : { ...plainRequest(example.request), item: JSON.parse(jsonText(example.item)) },
  });
  return {
    changes: diff.changes.map(change),
    unknown: diff.unknown.map(change),
    unexamined: diff.unexamined.map(({ kind, method, item }) => ({
      kind,
      method: method ?? null,
      item: item?.value ?? null,
    })),
    lists: diff.lists.map(listChange),
    unknownLists: diff.unknownLists.map(listChange),
  };
}

function plainRequest({ kind, mcp, jwt }: PolicyRequest) {
  return { kind, message: JSON.parse(jsonText(mcp)), claims: jwt === undefined ? null : JSON.parse(jsonText(jwt)) };
}
