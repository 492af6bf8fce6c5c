import { decode } from '../config/decode.ts';
import { diagnoseItem } from '../config/diagnose.ts';
import type { DynamicConfiguration, Item, MiddlewareConfig } from '../config/dynamic/model.ts';
import type { Diagnostic } from '../errors.ts';
import { mcp } from '../middleware/mcp/mcp.ts';
import { mcpOptions } from '../middleware/mcp/options.ts';
import { compilePolicySet, type DiagnosePolicy, type PolicyConfig, type PolicySet } from '../policy/index.ts';
import { loadPaths } from '../provider/manifests/load-paths.ts';

/** The policies of one `mcp` middleware, with what is needed to point into the file they were written in. */
export interface WrittenPolicies {
  /** Qualified name of the middleware. */
  readonly name: string;
  readonly config: PolicyConfig;
  readonly policies: PolicySet;
  /** Things in it that are very likely not meant. */
  readonly warnings: readonly Diagnostic[];
  /** Makes a diagnostic at a place of the options. */
  readonly diagnose: DiagnosePolicy;
}

export type ReadWritten =
  | {
      readonly ok: true;
      readonly written: readonly WrittenPolicies[];
      /** Everything else that the files and folders hold. */
      readonly configuration: DynamicConfiguration;
    }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** Reads the policies of every `mcp` middleware in files and folders and nothing but them: other objects may be broken. */
export async function readWrittenPolicies(paths: readonly string[]): Promise<ReadWritten> {
  const update = await loadPaths(paths);
  if (!update.ok) return update;
  const written: WrittenPolicies[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const item of update.configuration.middlewares.values()) {
    if (item.config.type !== mcp.type) continue;
    const read = readItem(item);
    if ('policies' in read) written.push(read);
    else diagnostics.push(...read.problems);
  }
  if (diagnostics.length > 0) return { ok: false, diagnostics };
  return { ok: true, written, configuration: update.configuration };
}

function readItem(item: Item<MiddlewareConfig>): WrittenPolicies | { readonly problems: readonly Diagnostic[] } {
  const errors = item.problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) return { problems: errors };
  const options = decode(mcpOptions, item.config.options ?? {}, item.origin, item.path);
  if (!options.ok) return options;
  const diagnose: DiagnosePolicy = (problem, path, range) => diagnoseItem(item, path, problem, range);
  const compiled = compilePolicySet(options.value, { middleware: item.name, diagnose });
  if (!compiled.ok) return { problems: compiled.diagnostics };
  return { name: item.name, config: options.value, policies: compiled.policies, warnings: compiled.warnings, diagnose };
}
