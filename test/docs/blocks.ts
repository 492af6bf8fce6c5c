/** A fenced block of a page and what stands about it. */
export interface Block {
  readonly language: string;
  /** `file=…` behind the language. */
  readonly file: string | undefined;
  readonly text: string;
  /** The HTML comment right before the fence, for instance `not run: …` or `background`. */
  readonly note: string | undefined;
  /** 1-based line of the opening fence. */
  readonly line: number;
}

/** Takes the fenced blocks out of a Markdown page, in order. */
export function readBlocks(markdown: string): Block[] {
  const blocks: Block[] = [];
  const lines = markdown.split('\n');
  for (let index = 0; index < lines.length; index++) {
    const fence = /^(```+)(\S*)\s*(.*)$/.exec(lines[index] as string);
    if (fence === null) continue;
    const [, marks = '', language = '', rest = ''] = fence;
    const end = lines.findIndex((line, other) => other > index && line.trimEnd() === marks);
    if (end < 0) throw new Error(`line ${index + 1}: the block is never closed`);
    blocks.push({
      language,
      file: /(?:^|\s)file=(\S+)/.exec(rest)?.[1],
      text: lines.slice(index + 1, end).join('\n'),
      note: /^<!--\s*(.*?)\s*-->$/.exec(lines[index - 1]?.trim() ?? '')?.[1],
      line: index + 1,
    });
    index = end;
  }
  return blocks;
}

/** True when `actual` is what a page shows; `…` there stands for anything. */
export function matchesShown(shown: string, actual: string): boolean {
  const pattern = shown
    .trim()
    .split('…')
    .map((part) => part.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('[\\s\\S]*');
  return new RegExp(`^\\s*${pattern}\\s*$`).test(actual.replaceAll('\r', ''));
}
