import type { Diagnostic } from '../errors.ts';
import type { Item, KeyPath, LocateOptions, Origin } from './dynamic/model.ts';

/** What is needed to point into an operator's file. */
export type Pointer = Pick<Origin, 'label' | 'locate' | 'line'>;
/** A problem without its place. */
export type Problem = Pick<Diagnostic, 'code' | 'severity' | 'message' | 'hint'>;

/**
 * Says where a problem is: position, line with what to underline, and the object.
 *
 * @param path from the origin's root; when nothing stands there, the nearest thing around it is underlined
 * @param range the key instead of the value, or a part of a string value
 */
export function diagnose(origin: Pointer, path: KeyPath, problem: Problem, range: LocateOptions = {}): Diagnostic {
  const inside = formatKeyPath(path);
  const subject =
    origin.label === '' ? inside || undefined : inside === '' ? origin.label : `${origin.label}: ${inside}`;
  const span = origin.locate(path, range);
  if (span === undefined) return { ...problem, subject };
  const { file, line, column, length = 1 } = span;
  const text = origin.line(span);
  return {
    ...problem,
    subject,
    // What has no file of the operator's has no place in it either, but a line to show.
    ...(file === '' ? {} : { at: { file, line, column } }),
    // A tab would be wider than the blank that stands for it above the caret.
    excerpt: text === undefined ? undefined : { text: text.replaceAll('\t', ' '), column, length },
  };
}

/** The same for a field of an item's `config`, wherever the operator wrote it. */
export function diagnoseItem(item: Item<unknown>, field: KeyPath, problem: Problem, range?: LocateOptions): Diagnostic {
  return diagnose(item.origin, placeOf(item, field), problem, range);
}

/** The path, from the origin's root, at which a field of an item's `config` was written. */
function placeOf(item: Pick<Item<unknown>, 'path' | 'fields'>, field: KeyPath): KeyPath {
  const [first, ...rest] = field;
  const elsewhere = first === undefined ? undefined : item.fields?.[String(first)];
  return elsewhere === undefined ? [...item.path, ...field] : [...elsewhere, ...rest];
}

/** `['spec', 'routes', 0, 'match']` as `spec.routes[0].match`. */
function formatKeyPath(path: KeyPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    if (!/^[^\s.[\]"]+$/.test(step)) return `${text}[${JSON.stringify(step)}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}
