import type { Diagnostic } from '../../../errors.ts';
import { diagnose } from '../../diagnose.ts';
import { isPlainObject } from '../../source/plain-value.ts';
import type { RewriteOptions } from '../manifests/resolve-options.ts';
import { qualifyFileName } from './file-names.ts';
import { readText } from './read-text.ts';

type Change = (value: unknown) => unknown;

const texts =
  (change: (text: string) => string): Change =>
  (value) =>
    Array.isArray(value)
      ? value.map((item: unknown) => (typeof item === 'string' ? change(item) : item))
      : typeof value === 'string'
        ? change(value)
        : value;

/** Options that name other items, which belong to the same file unless they say otherwise. */
const names: Readonly<Record<string, string>> = { chain: 'middlewares', errors: 'service' };
/** Options that name files, under `tls`: PEM text or a path. */
const pem: ReadonlySet<string> = new Set(['ca', 'cert', 'key']);

/** Qualifies names, and reads files of users and certificates, so that changes of them count as changes of configuration. */
export const fileOptions: RewriteOptions = (translation, type, options, { origin, path }) => {
  if (!isPlainObject(options)) return { options, secretPaths: [], problems: [] };
  const problems: Diagnostic[] = [];
  const read = (reference: string, field: readonly string[]): string | undefined => {
    const file = readText(translation, reference, { origin, path: [...path, ...field] });
    if ('value' in file) return file.value;
    problems.push(...file.problems);
    return undefined;
  };
  const field = Object.hasOwn(names, type) ? names[type] : undefined;
  if (field !== undefined) {
    return { options: { ...options, [field]: texts(qualifyFileName)(options[field]) }, secretPaths: [], problems };
  }
  if ((type === 'basicAuth' || type === 'digestAuth') && typeof options['usersFile'] === 'string') {
    const { usersFile, users, ...others } = options;
    const lines = (read(options['usersFile'], ['usersFile']) ?? '').split('\n').map((line) => line.trim());
    const added = lines.filter((line) => line !== '' && !line.startsWith('#'));
    return {
      options: { ...others, users: [...(Array.isArray(users) ? users : []), ...added] },
      secretPaths: [['users']],
      problems,
    };
  }
  const tls = options['tls'];
  if (type === 'forwardAuth' && isPlainObject(tls)) {
    const texts = Object.entries(tls).map(([key, value]) => [
      key,
      pem.has(key) && typeof value === 'string' ? read(value, ['tls', key]) : value,
    ]);
    return {
      options: { ...options, tls: Object.fromEntries(texts) },
      secretPaths: 'key' in tls ? [['tls', 'key']] : [],
      problems,
    };
  }
  return { options, secretPaths: [], problems };
};

/** Traefik would run templates in files; here they would be taken for plain text, and nobody would notice. */
export function templateProblems(
  value: unknown,
  origin: Parameters<typeof diagnose>[0],
  path: readonly (string | number)[],
): Diagnostic[] {
  if (typeof value === 'string') {
    const match = /\{\{[\s\S]*?\}\}/.exec(value);
    if (match === null) return [];
    const message = 'templates are not supported in routing files';
    const hint = 'write the value, or `urn:k8s:secret:NAME:KEY` for one of a Secret beside the file';
    return [
      diagnose(
        origin,
        path,
        { code: 'CONFIG_UNSUPPORTED', severity: 'error', message, hint },
        { offset: match.index, length: match[0].length },
      ),
    ];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    templateProblems(item, origin, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}
