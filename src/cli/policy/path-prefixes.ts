import { diagnoseItem } from '../../config/diagnose.ts';
import type { DynamicConfiguration } from '../../config/dynamic/model.ts';
import type { Diagnostic } from '../../errors.ts';
import { callsOf, parse } from '../../expression/index.ts';

interface RoutedPath {
  readonly router: string;
  readonly path: string;
  readonly span: { readonly offset: number; readonly length: number };
  readonly prefix: boolean;
}

/** `PathPrefix` without a closing slash: `/mcp` also captures `/mcp-admin`. A warning when another router is meant to have that. */
export function pathPrefixFindings({ routers }: DynamicConfiguration): Diagnostic[] {
  const paths = [...routers.values()].flatMap((item): RoutedPath[] => {
    const parsed = parse(item.config.rule);
    if (!parsed.ok) return [];
    return callsOf(parsed.expression).flatMap(({ name, arguments: [argument], span }): RoutedPath[] => {
      const called = name.toLowerCase();
      if (argument === undefined || (called !== 'pathprefix' && called !== 'path')) return [];
      return [{ router: item.name, path: argument.value, span, prefix: called === 'pathprefix' }];
    });
  });
  return paths.flatMap(({ router, path, span, prefix }): Diagnostic[] => {
    const item = routers.get(router);
    if (!prefix || path.endsWith('/') || item === undefined) return [];
    const captured = paths.find(
      (other) =>
        other.router !== router && other.path.startsWith(path) && !/^(?:\/|$)/.test(other.path.slice(path.length)),
    );
    const message =
      captured === undefined
        ? `PathPrefix(\`${path}\`) also captures ${path}-other and everything else that begins alike, so its policies decide for those paths.`
        : `PathPrefix(\`${path}\`) also captures ${captured.path} of the router ${captured.router}: should that router be missing or broken, these policies decide there.`;
    const hint = `Write (Path(\`${path}\`) || PathPrefix(\`${path}/\`)).`;
    const severity = captured === undefined ? 'info' : 'warning';
    return [diagnoseItem(item, ['rule'], { code: 'POLICY_PATH_PREFIX', severity, message, hint }, span)];
  });
}
