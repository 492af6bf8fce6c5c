import { relative } from 'node:path';
import type { Diagnostic } from '../../errors.ts';
import { coerceText, spellAsListed } from './coerce-text.ts';
import { findConfigurationFile, readConfigurationFile } from './configuration-file.ts';
import { crossCheck } from './cross-check.ts';
import { readEnvironment, variableName, variablePrefix } from './environment.ts';
import { isConfigFile, mayStandBare, separateFlags } from './flags.ts';
import { findForeignOption } from './foreign-options.ts';
import { describeIssues } from './issue.ts';
import { type OptionShape, resolvePath } from './option-shape.ts';
import { OptionTree } from './option-tree.ts';
import { type StaticConfiguration, staticSchema } from './schema.ts';
import { diagnoseSetting, type OptionOrigin, type OptionSource, type WrittenSetting } from './setting.ts';
import { addStandardEntryPoints, usualNames } from './standard-entry-points.ts';

export interface StaticSources {
  /** Install flags only: a command takes its own flags and operands out first, see `separateFlags`. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** Effective install options and where they came from, or why there are none. */
export type StaticLoad =
  | {
      readonly ok: true;
      readonly configuration: StaticConfiguration;
      readonly origins: OptionOrigins;
      readonly warnings: readonly Diagnostic[];
      /** The configuration file that was read. */
      readonly file: string | undefined;
    }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** Says where the effective value at a path came from. */
export type OptionOrigins = (path: readonly string[]) => OptionOrigin;

/** Reads install options from defaults, file, environment and flags, in rising precedence, checks them and fills in the defaults. */
export function loadStaticConfiguration(sources: StaticSources): StaticLoad {
  const flags = separateFlags(sources.argv, staticSchema);
  return loadFromSettings(flags.settings, { ...sources, operands: flags.rest });
}

/** Like {@link loadStaticConfiguration}, for flags that have been separated already. */
export function loadFromSettings(
  flagSettings: readonly WrittenSetting[],
  sources: Pick<StaticSources, 'env' | 'cwd'> & { readonly operands?: readonly string[] },
): StaticLoad {
  const { env, cwd } = sources;
  const diagnostics: Diagnostic[] = (sources.operands ?? []).map((operand) => ({
    code: 'CONFIG_UNKNOWN_KEY',
    severity: 'error',
    message: `unexpected argument ${operand}`,
    hint: 'options are written --name=value',
  }));

  const isFileName = ({ path }: WrittenSetting) => isConfigFile(path);
  const named = flagSettings.findLast(isFileName)?.value ?? env[`${variablePrefix}CONFIGFILE`];
  const file = findConfigurationFile(typeof named === 'string' && named !== '' ? named : undefined, env, cwd);
  let fileSettings: readonly WrittenSetting[] = [];
  if (file !== undefined) {
    const fromHere = relative(cwd, file);
    const reading = readConfigurationFile(file, fromHere.startsWith('..') ? file : fromHere);
    if (reading.ok) fileSettings = reading.settings;
    else diagnostics.push(...reading.diagnostics);
  }

  const tree = new OptionTree();
  const layer = (settings: readonly WrittenSetting[]) => {
    const appended = new Set<string>();
    for (const setting of settings) {
      const problem = place(tree, setting, appended);
      if (problem !== undefined) diagnostics.push(problem);
    }
  };
  // Names in variables have lost their case and their dashes; the flags' spelling of the same names helps to tell.
  const written = [...fileSettings, ...flagSettings].map((setting) => setting.path);
  const namesAt = (path: readonly string[]) =>
    written
      .filter(
        (each) =>
          each.length > path.length &&
          path.every((segment, index) => segment.toLowerCase() === each[index]?.toLowerCase()),
      )
      .map((each) => each[path.length] ?? '');
  layer(fileSettings);
  layer(readEnvironment(env, staticSchema, namesAt).filter((setting) => !isFileName(setting)));
  layer(flagSettings.filter((setting) => !isFileName(setting)));
  if (diagnostics.length > 0) return { ok: false, diagnostics };

  addStandardEntryPoints(tree);
  const result = staticSchema.safeParse(tree.toObject());
  if (!result.success) return { ok: false, diagnostics: describeIssues(result.error.issues, tree) };
  const findings = crossCheck(result.data, tree);
  const errors = findings.filter((finding) => finding.severity === 'error');
  if (errors.length > 0) return { ok: false, diagnostics: errors };
  const warnings = [...findings, ...foreignVariables(env)];
  return { ok: true, configuration: result.data, origins: (path) => tree.originOf(path), warnings, file };
}

/** Resolves one setting's name and puts its value into the tree; says what is wrong with it, if anything is. */
function place(tree: OptionTree, setting: WrittenSetting, touched: Set<string>): Diagnostic | undefined {
  const { origin } = setting;
  let written = setting.path;
  const foreign = findForeignOption(written);
  if (foreign !== undefined) {
    const { option } = foreign;
    if ('ignored' in option) return undefined;
    if ('unsupported' in option) {
      const message = `${written.join('.')} is not offered: ${option.unsupported}`;
      return diagnoseSetting(keyOrigin(setting, foreign.depth - 1), {
        code: 'CONFIG_UNSUPPORTED',
        message,
        hint: option.instead,
      });
    }
    written = [...option.to.split('.'), ...foreign.rest];
  }

  const spelling = (path: readonly string[], name: string) =>
    [...tree.namesAt(path), ...usualNames(path)].find((each) => each.toLowerCase() === name.toLowerCase()) ?? name;
  const resolution = resolvePath(staticSchema, written, spelling);
  if (!resolution.ok) {
    const { suggestion } = resolution;
    const hint = suggestion === undefined ? resolution.hint : `did you mean ${writeAs(origin.source, suggestion)}?`;
    return diagnoseSetting(keyOrigin(setting, resolution.depth), {
      code: 'CONFIG_UNKNOWN_KEY',
      message: resolution.message,
      hint,
    });
  }

  const { path, shape } = resolution;
  const key = path.join('\0');
  const again = touched.has(key);
  touched.add(key);
  if (again && origin.source === 'file') {
    return diagnoseSetting(keyOrigin(setting, path.length - 1), {
      code: 'CONFIG_DUPLICATE',
      message: `${path.join('.')} is given twice in this file`,
      hint: 'names are case-insensitive: keep one of the two',
    });
  }

  const value = readValue(shape, setting);
  const invalid = (message: string, hint: string) =>
    diagnoseSetting(origin, { code: 'CONFIG_INVALID_VALUE', message, hint });
  if (shape.kind === 'section' || shape.kind === 'map') {
    if (value === false && shape.kind === 'section' && shape.toggle) tree.switchOff(path, origin);
    else if (value === true || isEmptySection(value)) tree.switchOn(path, origin);
    else return invalid(`${path.join('.')} is a section, not a value`, 'name one of the options in it');
  } else if (value === undefined || value === null) {
    return invalid(
      `${path.join('.')} has no value`,
      `write ${writeAs(origin.source, path)}${origin.source === 'file' ? ': ' : '='}VALUE`,
    );
  } else if (again && shape.kind === 'list' && Array.isArray(value)) {
    const before = tree.get(path)?.value;
    tree.set(path, [...(Array.isArray(before) ? before : []), ...value], origin);
  } else {
    tree.set(path, value, origin);
  }
  return undefined;
}

function readValue(shape: OptionShape, { value, origin }: WrittenSetting): unknown {
  if (origin.source === 'file') return shape.kind === 'scalar' ? spellAsListed(shape.schema, value) : (value ?? {});
  if (typeof value === 'string') return coerceText(shape, value);
  return value === undefined && mayStandBare(shape) ? true : value;
}

function isEmptySection(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
}

function keyOrigin(setting: WrittenSetting, depth: number): OptionOrigin {
  return setting.keys?.[depth] ?? setting.origin;
}

/** An option's name as it is written in a source. */
function writeAs(source: OptionSource, path: readonly string[]): string {
  if (source === 'environment') return variableName(path);
  return source === 'flag' ? `--${path.join('.')}` : path.join('.');
}

/** Somebody who comes from Traefik may have its variables still set: they are not read, and that should not go unnoticed. */
function foreignVariables(env: StaticSources['env']): Diagnostic[] {
  const renamed = Object.keys(env)
    .filter((name) => name.startsWith('TRAEFIK_'))
    .map((name) => [name, variablePrefix + name.slice('TRAEFIK_'.length)] as const)
    .filter(([, ours]) => {
      const [setting] = readEnvironment({ [ours]: 'x' }, staticSchema, () => []);
      return setting !== undefined && resolvePath(staticSchema, setting.path, (_path, name) => name).ok;
    });
  return renamed.map(([name, ours]) => ({
    code: 'CONFIG_UNKNOWN_KEY',
    severity: 'warning',
    message: `the variable ${name} is not read`,
    hint: `rename it to ${ours}`,
  }));
}

export type { WrittenSetting };
