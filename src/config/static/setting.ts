import type { Diagnostic, Position } from '../../errors.ts';

/** The four places where an install option can come from; later ones win. */
export type OptionSource = 'default' | 'file' | 'environment' | 'flag';

/** Where one value was written. */
export interface OptionOrigin {
  readonly source: OptionSource;
  /** As an operator would find it: `--entryPoints.web.address`, `PORTCULLIS_LOG_LEVEL`, `portcullis.yaml:3:5`; empty for defaults. */
  readonly place: string;
  readonly at?: Position | undefined;
  readonly excerpt?: Diagnostic['excerpt'];
}

/** One thing that an operator wrote, before names are resolved and values checked. */
export interface WrittenSetting {
  readonly path: readonly string[];
  /** Text for flags and variables, else what YAML gives. `undefined`: a flag without a value. */
  readonly value: unknown;
  readonly origin: OptionOrigin;
  /** Origins of the keys on the way, for errors about them: `keys[i]` belongs to `path[i]`. Files only. */
  readonly keys?: readonly OptionOrigin[] | undefined;
}

/** A problem with something written at `origin`. */
export function diagnoseSetting(
  origin: OptionOrigin,
  problem: Pick<Diagnostic, 'code' | 'message' | 'hint'> & { readonly severity?: Diagnostic['severity'] },
): Diagnostic {
  return {
    severity: 'error',
    ...problem,
    at: origin.at,
    excerpt: origin.excerpt,
    subject: origin.at === undefined && origin.place !== '' ? `${origin.source} ${origin.place}` : undefined,
  };
}
