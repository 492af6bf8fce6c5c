import { decode } from '../config/decode.ts';
import { diagnoseItem } from '../config/diagnose.ts';
import type { Diagnostic } from '../errors.ts';
import { type McpOptions, mcpOptions } from '../middleware/mcp/options.ts';
import { compilePolicySet, type PolicySet } from '../policy/index.ts';
import { loadPaths } from '../provider/manifests/load-paths.ts';

/** The policies of every `mcp` middleware that files and folders hold. */
export interface ReadPolicies {
  /** By qualified name, for instance `apps-deepwiki-mcp@file`. */
  readonly policies: ReadonlyMap<string, PolicySet>;
  readonly problems: readonly Diagnostic[];
}

/** Reads policies as a start would, without building anything around them. */
export async function readPolicies(paths: readonly string[]): Promise<ReadPolicies> {
  const update = await loadPaths(paths);
  if (!update.ok) return { policies: new Map(), problems: update.diagnostics };
  const policies = new Map<string, PolicySet>();
  const problems: Diagnostic[] = [];
  for (const [name, item] of update.configuration.middlewares) {
    if (item.config.type !== 'plugin.mcp') continue;
    const options = decode<McpOptions>(mcpOptions, item.config.options ?? {}, item.origin, item.path);
    if (!options.ok) {
      problems.push(...options.problems);
      continue;
    }
    const compiled = compilePolicySet(options.value, {
      middleware: name,
      diagnose: (problem, path, range) => diagnoseItem(item, path, problem, range),
    });
    if (compiled.ok) policies.set(name, compiled.policies);
    else problems.push(...compiled.diagnostics);
  }
  return { policies, problems };
}
