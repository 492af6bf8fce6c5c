import { carryOut } from '../../src/cli/main.ts';

/** What a command line did. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Carries out a command line in this process. */
export async function portcullis(
  argv: readonly string[],
  around: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Promise<Outcome> {
  let out = '';
  let err = '';
  const code = await carryOut(argv, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    env: around.env ?? {},
    cwd: around.cwd ?? '/',
  });
  return { code, out, err };
}
