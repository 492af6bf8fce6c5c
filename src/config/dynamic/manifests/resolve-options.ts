import type { Diagnostic } from '../../../errors.ts';
import { diagnose } from '../../diagnose.ts';
import { resolveSecrets } from '../../secret.ts';
import type { TypedOptions } from '../middleware-type.ts';
import type { KeyPath, MiddlewareConfig } from '../model.ts';
import { secretLookup } from './object-data.ts';
import type { Referrer, Translation } from './translation.ts';

/** Options in the common form. */
export interface RewrittenOptions {
  readonly options: unknown;
  /** Strings that now hold a secret. */
  readonly secretPaths: readonly KeyPath[];
  readonly problems: readonly Diagnostic[];
}

/** Brings the options of a type into the common form. */
export type RewriteOptions = (
  translation: Translation,
  type: string,
  options: unknown,
  referrer: Referrer,
) => RewrittenOptions;

/** Resolves the secret references in options, then rewrites them. */
export function resolveOptions(
  translation: Translation,
  { type, options }: Pick<TypedOptions, 'type' | 'options'>,
  referrer: Referrer,
  rewrite: RewriteOptions,
): { readonly config: MiddlewareConfig; readonly problems: readonly Diagnostic[] } {
  const resolved = resolveSecrets(options, secretLookup(translation, referrer));
  const unresolved = resolved.unresolved.map(({ path, offset, length, message, hint }) =>
    diagnose(
      referrer.origin,
      [...referrer.path, ...path],
      { code: 'CONFIG_SECRET', severity: 'error', message, hint },
      { offset, length },
    ),
  );
  const rewritten = rewrite(translation, type, resolved.value, referrer);
  const secretPaths = [...resolved.secretPaths, ...rewritten.secretPaths];
  return {
    config: { type, options: rewritten.options, ...(secretPaths.length === 0 ? {} : { secretPaths }) },
    problems: [...unresolved, ...rewritten.problems],
  };
}
