import type { Diagnostic } from '../../errors.ts';
import { diagnose } from '../diagnose.ts';
import { isPlainObject } from '../source/plain-value.ts';
import type { KeyPath, Origin } from './model.ts';

/** A middleware's type, its options as written, and where they stand. */
export interface TypedOptions {
  readonly type: string;
  readonly options: unknown;
  readonly path: KeyPath;
  readonly problem?: Diagnostic;
}

/** The one type of a middleware: the only key of its mapping, or of `plugin` below it. */
export function middlewareType(spec: Readonly<Record<string, unknown>>, origin: Origin, base: KeyPath): TypedOptions {
  const [type, second] = Object.keys(spec);
  const refuse = (path: KeyPath, message: string, hint: string): TypedOptions => ({
    type: type ?? '',
    options: {},
    path,
    problem: diagnose(origin, path, { code: 'CONFIG_INVALID_VALUE', severity: 'error', message, hint }, { key: true }),
  });
  const oneOnly = (path: KeyPath, first: string): TypedOptions =>
    refuse(
      path,
      `a middleware has exactly one type, and this one has \`${first}\` already`,
      'write a middleware of its own for it',
    );
  const example = 'write for instance `stripPrefix:` below it';
  if (type === undefined) return refuse(base, 'a middleware needs a type', example);
  if (second !== undefined) return oneOnly([...base, second], type);
  if (type !== 'plugin') return { type, options: spec[type] ?? {}, path: [...base, type] };
  const plugins = spec[type];
  const path = [...base, type];
  if (!isPlainObject(plugins)) return refuse(path, '`plugin` must be a mapping', 'write for instance `jwt:` below it');
  const [plugin, other] = Object.keys(plugins);
  if (plugin === undefined) return refuse(path, '`plugin` needs a type', 'write for instance `jwt:` below it');
  if (other !== undefined) return oneOnly([...path, other], `plugin.${plugin}`);
  return { type: `plugin.${plugin}`, options: plugins[plugin] ?? {}, path: [...path, plugin] };
}
