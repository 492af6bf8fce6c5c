import type { OptionTree } from './option-tree.ts';
import type { OptionOrigin } from './setting.ts';

const standard: Readonly<Record<string, { readonly address: string; readonly tls: boolean }>> = {
  web: { address: ':8000', tls: false },
  websecure: { address: ':8443', tls: true },
  admin: { address: '127.0.0.1:8080', tls: false },
};

/** Names that mean the same in any case although nobody has written them yet. */
export function usualNames(path: readonly string[]): readonly string[] {
  return path.length === 1 && path[0] === 'entryPoints' ? [...Object.keys(standard), 'traefik'] : [];
}

const byDefault: OptionOrigin = { source: 'default', place: '' };

/**
 * Adds `web`, `websecure` and `admin` where the operator left them open. As soon as an entrypoint other than `admin` has
 * been given an address, the operator lists the public ports: `web` and `websecure` are then no longer added by
 * themselves. `admin` is added as long as the API or `/ping` is served there.
 */
export function addStandardEntryPoints(tree: OptionTree): void {
  const named = tree.namesAt(['entryPoints']);
  const listed = named.some(
    (name) => name !== 'admin' && name !== 'traefik' && tree.get(['entryPoints', name, 'address']) !== undefined,
  );
  const adminName = !named.includes('admin') && named.includes('traefik') ? 'traefik' : 'admin';
  for (const section of ['api', 'ping']) {
    if (tree.get([section])?.value === false) continue;
    if (tree.get([section, 'entryPoint']) === undefined) tree.set([section, 'entryPoint'], adminName, byDefault);
  }
  const served = ['api', 'ping'].some((section) => tree.get([section, 'entryPoint'])?.value === 'admin');
  const wanted = new Set([...named, ...(listed ? [] : ['web', 'websecure']), ...(served ? ['admin'] : [])]);
  for (const [name, { address, tls }] of Object.entries(standard)) {
    if (!wanted.has(name)) continue;
    if (tree.get(['entryPoints', name, 'address']) === undefined)
      tree.set(['entryPoints', name, 'address'], address, byDefault);
    if (tls && !tree.has(['entryPoints', name, 'http', 'tls']))
      tree.set(['entryPoints', name, 'http', 'tls'], true, byDefault);
  }
}
