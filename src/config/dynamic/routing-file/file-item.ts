import type * as z from 'zod';
import type { Diagnostic } from '../../../errors.ts';
import { decode, valueAt } from '../../decode.ts';
import { diagnose } from '../../diagnose.ts';
import { isPlainObject } from '../../source/plain-value.ts';
import { refuseUnsupported, type Translation } from '../manifests/translation.ts';
import type { KeyPath, Origin } from '../model.ts';
import { qualifyFileName } from './file-names.ts';
import { templateProblems } from './file-options.ts';

/** An item of a routing file: its own name and place, its value still to be decoded. */
export interface FileItem {
  readonly name: string;
  readonly value: unknown;
  readonly origin: Origin;
  readonly path: KeyPath;
  /** Problems of its name and of templates in it. */
  readonly problems: readonly Diagnostic[];
}

/** The named items of a section, whatever else is wrong with the file. */
export function itemsOf(value: unknown, origin: Origin, path: KeyPath, called: string): FileItem[] {
  const section = valueAt(value, path);
  if (!isPlainObject(section)) return [];
  return Object.entries(section).map(([name, item]) => {
    const at = [...path, name];
    const named: Origin = { ...origin, label: `${called} ${name}` };
    const message = 'a name cannot hold `@`, which stands before the provider';
    const badName =
      name.includes('@') || name === ''
        ? [diagnose(named, at, { code: 'CONFIG_INVALID_VALUE', severity: 'error', message }, { key: true })]
        : [];
    return {
      name: qualifyFileName(name),
      value: item,
      origin: named,
      path: at,
      problems: [...badName, ...templateProblems(item, named, at)],
    };
  });
}

/** Decodes an item with its schema. */
export function decodeItem<Value>(
  translation: Translation,
  { value, origin, path }: FileItem,
  itemSchema: z.ZodType<Value>,
) {
  return refuseUnsupported(translation, itemSchema, decode(itemSchema, value, origin, path), { value, origin, path });
}
