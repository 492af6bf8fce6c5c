import { jsonText, type MatrixColumn, type MatrixEntry, type PolicyMatrix } from '../../policy/analysis/index.ts';

export type MatrixFormat = 'text' | 'markdown' | 'json';

/** Writes a matrix: what is in reach of whom, conditions as numbered notes below. */
export const matrixFormats: Readonly<Record<MatrixFormat, (matrix: PolicyMatrix) => string>> = { text, markdown, json };

const nouns: Readonly<Record<MatrixColumn['list'], string>> = {
  tools: 'tool',
  prompts: 'prompt',
  resources: 'resource',
};

function heading({ list, item }: MatrixColumn): string {
  return `${nouns[list]} ${item ?? '(any other)'}`;
}

/** Items as rows: there are more of them than groups, and their names are long. */
function tableOf({ callers, columns, entries }: PolicyMatrix): { header: string[]; rows: string[][]; notes: string[] } {
  const notes: string[] = [];
  const numberOf = (condition: string): number => {
    if (!notes.includes(condition)) notes.push(condition);
    return notes.indexOf(condition) + 1;
  };
  const rows = columns.map((column, index) => [
    heading(column),
    ...entries.map((row) => {
      const entry = row[index];
      if (entry === undefined) return '';
      return entry.condition === undefined ? entry.verdict : `${entry.verdict} [${numberOf(entry.condition)}]`;
    }),
  ]);
  return { header: ['', ...callers], rows, notes };
}

function text(matrix: PolicyMatrix): string {
  const { header, rows, notes } = tableOf(matrix);
  const widths = header.map((cell, index) => Math.max(cell.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd();
  const lines = [line(header), ...rows.map(line)];
  if (notes.length > 0) lines.push('', ...notes.map((note, index) => `[${index + 1}] when ${note}`));
  return `${lines.join('\n')}\n`;
}

function markdown(matrix: PolicyMatrix): string {
  const { header, rows, notes } = tableOf(matrix);
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const lines = [line(header), line(header.map(() => '---')), ...rows.map(line)];
  if (notes.length > 0) lines.push('', ...notes.map((note, index) => `${index + 1}. when \`\` ${note} \`\``));
  return `${lines.join('\n')}\n`;
}

function json({ callers, columns, entries }: PolicyMatrix): string {
  const plain = (entry: MatrixEntry | undefined) => ({
    verdict: entry?.verdict,
    condition: entry?.condition ?? null,
    allowed: entry?.allowed === undefined ? null : JSON.parse(jsonText(entry.allowed.mcp)),
    denied: entry?.denied === undefined ? null : JSON.parse(jsonText(entry.denied.mcp)),
  });
  const rows = callers.map((caller, row) => ({
    caller,
    items: columns.map(({ list, item }, column) => ({ list, item: item ?? null, ...plain(entries[row]?.[column]) })),
  }));
  return `${JSON.stringify(rows, undefined, 2)}\n`;
}
