import type { Diagnostic } from '../../../errors.ts';
import { diagnose } from '../../diagnose.ts';
import type { Translation } from '../manifests/translation.ts';
import type { KeyPath, Origin } from '../model.ts';

/** The text that a value means: itself when it is PEM, else what the file it names holds. */
export function readText(
  translation: Translation,
  reference: string,
  { origin, path }: { readonly origin: Origin; readonly path: KeyPath },
): { readonly value: string } | { readonly problems: readonly Diagnostic[] } {
  const from = origin.locate(path)?.file ?? '';
  const file = translation.texts.read(reference, from);
  // Not read yet: the translation is done again when it has been.
  if (file === undefined) return { problems: [] };
  if ('text' in file) return { value: file.text };
  const message = `the file \`${reference}\` ${file.error}`;
  const hint = 'paths are relative to the file they are written in';
  return { problems: [diagnose(origin, path, { code: 'CONFIG_UNREADABLE', severity: 'error', message, hint })] };
}
