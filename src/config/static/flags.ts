import type * as z from 'zod';
import { nearest } from '../../errors.ts';
import { findForeignOption } from './foreign-options.ts';
import { type OptionShape, resolvePath, unwrap } from './option-shape.ts';
import type { WrittenSetting } from './setting.ts';

/** A flag that belongs to a command and not to the install options, by its name without dashes. */
export interface CommandFlag {
  readonly name: string;
  readonly takesValue: boolean;
}

/** A command line taken apart. */
export interface SeparatedFlags {
  /** Install options, in order. */
  readonly settings: readonly WrittenSetting[];
  /** Everything else in order: operands, and the command's own flags with their values. */
  readonly rest: readonly string[];
}

/**
 * Takes install options out of a command line. `-name` and `--name`, `--name=value` and `--name value` are the same;
 * names are case-insensitive; booleans and sections may stand bare. After `--` everything is an operand.
 */
export function separateFlags(
  argv: readonly string[],
  root: z.core.$ZodType,
  commandFlags: readonly CommandFlag[] = [],
): SeparatedFlags {
  const settings: WrittenSetting[] = [];
  const rest: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? '';
    if (argument === '--') {
      rest.push(...argv.slice(index));
      break;
    }
    const match = /^--?([A-Za-z][^=]*)(?:=(.*))?$/s.exec(argument);
    if (match === null) {
      rest.push(argument);
      continue;
    }
    const [, name = '', inline] = match;
    const own = commandFlags.find((flag) => flag.name === name);
    if (own !== undefined) {
      rest.push(argument);
      const next = argv[index + 1];
      if (own.takesValue && inline === undefined && next !== undefined) {
        rest.push(next);
        index += 1;
      }
      continue;
    }
    const path = name.split('.');
    if (isMisspelt(path, root, commandFlags)) {
      rest.push(argument);
      continue;
    }
    let value = inline;
    const next = argv[index + 1];
    if (value === undefined && next !== undefined && !next.startsWith('--') && needsValue(root, path)) {
      value = next;
      index += 1;
    }
    settings.push({ path, value, origin: { source: 'flag', place: `--${name}` } });
  }
  return { settings, rest };
}

/** True for what is no install option, and nearly one of the command's own flags: the command tells better what is wrong. */
function isMisspelt(path: readonly string[], root: z.core.$ZodType, commandFlags: readonly CommandFlag[]): boolean {
  const [name = ''] = path;
  if (path.length > 1 || isConfigFile(path) || findForeignOption(path) !== undefined) return false;
  const resolution = resolvePath(root, path, (_path, segment) => segment);
  if (resolution.ok || resolution.suggestion !== undefined) return false;
  const near = commandFlags.map((flag) => flag.name).filter((flag) => flag.length > 1);
  return nearest(name, near) !== undefined;
}

function needsValue(root: z.core.$ZodType, path: readonly string[]): boolean {
  if (isConfigFile(path)) return true;
  const foreign = findForeignOption(path);
  if (foreign !== undefined && !('to' in foreign.option)) return false;
  const target =
    foreign === undefined || !('to' in foreign.option) ? path : [...foreign.option.to.split('.'), ...foreign.rest];
  const resolution = resolvePath(root, target, (_path, name) => name);
  return resolution.ok && !mayStandBare(resolution.shape);
}

/** True for what a bare flag switches on: booleans and sections. */
export function mayStandBare(shape: OptionShape): boolean {
  return (
    shape.kind === 'section' ||
    shape.kind === 'map' ||
    (shape.kind === 'scalar' && unwrap(shape.schema)._zod.def.type === 'boolean')
  );
}

/** True for the one name that is not an option of the schema: it says where the file with options is. */
export function isConfigFile(path: readonly string[]): boolean {
  return path.length === 1 && path[0]?.toLowerCase() === 'configfile';
}
