import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The programs that make up a small cluster. */
export interface Programs {
  readonly apiServer: string;
  readonly etcd: string;
  readonly kubectl: string;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Finds kube-apiserver, etcd and kubectl: in `KUBEBUILDER_ASSETS`, as envtest does, else what
 * `scripts/build-kube-apiserver.sh` has built; where Go is installed it is built now. Undefined, with loud words, when
 * there is no way to them; in continuous integration that is an error.
 */
export function findPrograms(): Programs | undefined {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  const folders = assets === undefined ? builtFolders() : [assets];
  for (const folder of folders) {
    const found = programsIn(folder);
    if (found !== undefined) return found;
  }
  const why =
    assets !== undefined
      ? `KUBEBUILDER_ASSETS=${assets} holds no kube-apiserver and kubectl, or there is no etcd`
      : 'no kube-apiserver was built (scripts/build-kube-apiserver.sh needs Go), or etcd is missing, and KUBEBUILDER_ASSETS is not set';
  if (process.env['CI'] !== undefined && process.env['CI'] !== '')
    throw new Error(`Kubernetes tests cannot run: ${why}`);
  const frame = '*'.repeat(100);
  process.stderr.write(`\n${frame}\nSKIPPED: the tests against a real Kubernetes API server: ${why}\n${frame}\n`);
  return undefined;
}

function builtFolders(): readonly string[] {
  const built = () => globSync(join(root, '.cache/kubernetes/*/bin')).sort().reverse();
  if (built().some((folder) => existsSync(join(folder, 'kube-apiserver')))) return built();
  if (onPath('go') === undefined) return [];
  process.stderr.write('Building kube-apiserver and kubectl, which takes some minutes once\n');
  execFileSync(join(root, 'scripts/build-kube-apiserver.sh'), { stdio: ['ignore', 'inherit', 'inherit'] });
  return built();
}

function programsIn(folder: string): Programs | undefined {
  const apiServer = join(folder, 'kube-apiserver');
  const kubectl = join(folder, 'kubectl');
  const own = join(folder, 'etcd');
  const etcd = existsSync(own) ? own : onPath('etcd');
  return existsSync(apiServer) && existsSync(kubectl) && etcd !== undefined ? { apiServer, kubectl, etcd } : undefined;
}

function onPath(program: string): string | undefined {
  const { status, stdout } = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
