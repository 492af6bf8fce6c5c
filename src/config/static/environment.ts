import type * as z from 'zod';
import { findForeignOption } from './foreign-options.ts';
import { shapeOf } from './option-shape.ts';
import type { WrittenSetting } from './setting.ts';

export const variablePrefix = 'PORTCULLIS_';

/**
 * Kubernetes puts the addresses of Services into every container's environment; a Service called `portcullis` must not
 * look like options (`PORTCULLIS_SERVICE_HOST`, `PORTCULLIS_PORT_8000_TCP_ADDR`, …).
 */
const serviceLink =
  /^PORTCULLIS_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:ADDR|PORT|PROTO))?)?)$/;

/** Variables of our prefix that are not install options: the test corpora's place. */
const otherVariables: ReadonlySet<string> = new Set(['PORTCULLIS_CORPORA']);

/**
 * Reads install options from variables such as `PORTCULLIS_ENTRYPOINTS_WEB_ADDRESS`. An empty variable counts as not set.
 *
 * @param namesAt names that an operator has given in a map (entrypoints, headers), so that `WEB_INTERNAL` can be told
 *   to mean `web-internal`.
 */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  root: z.core.$ZodType,
  namesAt: (path: readonly string[]) => readonly string[],
): WrittenSetting[] {
  const settings: WrittenSetting[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value === '' || !name.startsWith(variablePrefix)) continue;
    if (otherVariables.has(name) || serviceLink.test(name)) continue;
    const segments = name.slice(variablePrefix.length).split('_');
    settings.push({
      path: splitVariable(root, segments, namesAt),
      value,
      origin: { source: 'environment', place: name },
    });
  }
  return settings;
}

function splitVariable(
  root: z.core.$ZodType,
  segments: readonly string[],
  namesAt: (path: readonly string[]) => readonly string[],
): string[] {
  if (findForeignOption(segments) !== undefined) return [...segments];
  const path: string[] = [];
  let shape = shapeOf(root);
  let rest = segments;
  while (rest.length > 0) {
    if (shape.kind === 'section') {
      const key = shape.keys.get((rest[0] ?? '').toLowerCase());
      if (key === undefined) break;
      path.push(key.name);
      rest = rest.slice(1);
      shape = shapeOf(key.schema);
    } else if (shape.kind === 'map') {
      const value = shapeOf(shape.value);
      const { name, used } = takeName(rest, namesAt(path), value.kind === 'section');
      path.push(name);
      rest = rest.slice(used);
      shape = value;
    } else break;
  }
  return [...path, ...rest.map((segment) => segment.toLowerCase())];
}

/** Which segments make up a name that the operator chose. A shell cannot write `-` in a variable, so `_` stands for it. */
function takeName(
  segments: readonly string[],
  known: readonly string[],
  more: boolean,
): { name: string; used: number } {
  if (!more) return { name: segments.join('-').toLowerCase(), used: segments.length };
  for (let used = segments.length - 1; used >= 1; used--) {
    const text = segments.slice(0, used).join('_').toLowerCase();
    const name = known.find((each) => each.toLowerCase().replaceAll('-', '_') === text);
    if (name !== undefined) return { name, used };
  }
  return { name: (segments[0] ?? '').toLowerCase(), used: 1 };
}

/** The variable that sets an option. */
export function variableName(path: readonly string[]): string {
  return variablePrefix + path.join('_').replaceAll('-', '_').toUpperCase();
}
