import type * as z from 'zod';
import { type Diagnostic, nearest } from '../../errors.ts';
import { isSecret } from './option-shape.ts';
import type { OptionTree } from './option-tree.ts';
import { staticSchema } from './schema.ts';
import { diagnoseSetting } from './setting.ts';

/** Says what the schema found, at the places where it was written. Values of secret options are never repeated. */
export function describeIssues(issues: readonly z.core.$ZodIssue[], tree: OptionTree): Diagnostic[] {
  return issues.flatMap((issue) => flatten(issue)).map((issue) => describe(issue, tree));
}

/** A union says what is wrong with each of its alternatives: the one that got furthest is the one that was meant. */
function flatten(issue: z.core.$ZodIssue, base: readonly PropertyKey[] = []): z.core.$ZodIssue[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'invalid_union') {
    const reached = issue.errors.filter((alternative) => alternative.some((inner) => inner.path.length > 0));
    const [meant] = reached;
    if (meant !== undefined) return meant.flatMap((inner) => flatten(inner, path));
  }
  if (issue.code === 'invalid_key') return [{ ...issue, path, message: issue.issues[0]?.message ?? issue.message }];
  return [{ ...issue, path }];
}

function describe(issue: z.core.$ZodIssue, tree: OptionTree): Diagnostic {
  const path = issue.path.map(String);
  const name = path.join('.');
  const optionPath = path.filter((segment) => !/^[0-9]+$/.test(segment));
  const written = tree.get(optionPath)?.value;
  const secret = isSecret(staticSchema, optionPath);
  const { excerpt, ...place } = tree.blame(optionPath) ?? { source: 'default' as const, place: '' };
  const origin = secret ? place : { ...place, excerpt };
  if (issue.code === 'invalid_type' && written === undefined) {
    return diagnoseSetting(origin, { code: 'CONFIG_MISSING_KEY', message: `${name} is missing`, hint: undefined });
  }
  const detail = issue.message.replace(/^Invalid (?:input|option|string|key in record): /, '');
  const index = /^[0-9]+$/.test(path.at(-1) ?? '') ? Number(path.at(-1)) : undefined;
  const value = index !== undefined && Array.isArray(written) ? written[index] : written;
  const shown = secret || value === undefined || typeof value === 'object' ? '' : ` (got ${JSON.stringify(value)})`;
  const near =
    issue.code === 'invalid_value' && typeof value === 'string' ? nearest(value, issue.values.map(String)) : undefined;
  return diagnoseSetting(origin, {
    code: 'CONFIG_INVALID_VALUE',
    message: `${name}: ${detail}${shown}`,
    hint: near === undefined ? undefined : `did you mean ${near}?`,
  });
}
