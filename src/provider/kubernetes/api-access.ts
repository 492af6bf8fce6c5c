import { Buffer } from 'node:buffer';
import { access, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { PortcullisError } from '../../errors.ts';
import type { KubernetesOptions } from './options.ts';

/** Where the API server is and how this process shows who it is. */
export interface ApiAccess {
  /** `https://10.96.0.1:443`, without a slash at the end. */
  readonly server: string;
  readonly tls: ApiTls;
  /** Namespace that this process belongs to. */
  readonly namespace: string;
  /** Header fields that authenticate a request; asked for each time, because tokens are exchanged while we run. */
  credentials(): Promise<Readonly<Record<string, string>>>;
}

export interface ApiTls {
  readonly ca?: string | Buffer | undefined;
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  readonly servername?: string | undefined;
  readonly rejectUnauthorized?: boolean | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What kubelet mounts into every pod; the token in it is replaced well before it expires. */
const mounted = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Finds the API server: the one of this cluster when the process runs in a pod, a kubeconfig (`KUBECONFIG`, else
 * `~/.kube/config`) otherwise; what the options say wins over both.
 *
 * @throws PortcullisError when there is no way to an API server.
 */
export async function findApiAccess(
  options: Pick<KubernetesOptions, 'endpoint' | 'token' | 'certAuthFilePath'>,
  env: Environment = process.env,
): Promise<ApiAccess> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  if (host !== undefined && host !== '') return inCluster(options, env, `https://${bracket(host)}:${port ?? '443'}`);
  if (options.endpoint !== undefined && options.token !== undefined) return direct(options, env, options.endpoint);
  const kubeconfig = await findKubeconfig(env);
  if (kubeconfig !== undefined) return fromKubeconfig(options, env, kubeconfig);
  if (options.endpoint !== undefined) return direct(options, env, options.endpoint);
  throw new PortcullisError(
    'CONFIG_MISSING_KEY',
    'providers.kubernetesCRD: there is no API server: this process does not run in a cluster, and there is no kubeconfig. ' +
      'Set KUBECONFIG, or providers.kubernetesCRD.endpoint and .token',
  );
}

type Options = Parameters<typeof findApiAccess>[0];

async function inCluster(options: Options, env: Environment, standard: string): Promise<ApiAccess> {
  return {
    server: trimSlash(options.endpoint ?? standard),
    tls: { ca: await readText(options.certAuthFilePath ?? join(mounted, 'ca.crt'), 'the authority of the API server') },
    namespace: await ownNamespace(env),
    credentials: () => bearer(options.token ?? join(mounted, 'token')),
  };
}

async function direct(options: Options, env: Environment, endpoint: string): Promise<ApiAccess> {
  const { token, certAuthFilePath } = options;
  return {
    server: trimSlash(endpoint),
    tls: certAuthFilePath === undefined ? {} : { ca: await readText(certAuthFilePath, 'the authority') },
    namespace: await ownNamespace(env),
    credentials: () => (token === undefined ? Promise.resolve({}) : bearer(token)),
  };
}

/** The library knows kubeconfig files in all their forms, exec plugins included; it is heavy, so only they load it. */
async function fromKubeconfig(options: Options, env: Environment, paths: string): Promise<ApiAccess> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  const [first = '', ...others] = paths.split(delimiter).filter((path) => path !== '');
  config.loadFromFile(first);
  for (const path of others) {
    const more = new KubeConfig();
    more.loadFromFile(path);
    config.mergeConfig(more, true);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new PortcullisError('CONFIG_INVALID_VALUE', `kubeconfig ${paths}: the current context names no cluster`);
  }
  const settings = async () => {
    const filled: Parameters<typeof config.applyToHTTPSOptions>[0] = {};
    await config.applyToHTTPSOptions(filled);
    return filled;
  };
  const given = await settings();
  const { token, certAuthFilePath } = options;
  return {
    server: trimSlash(options.endpoint ?? cluster.server),
    tls: {
      ca:
        certAuthFilePath === undefined
          ? (given.ca as string | Buffer | undefined)
          : await readText(certAuthFilePath, 'the authority'),
      cert: given.cert as string | Buffer | undefined,
      key: given.key as string | Buffer | undefined,
      servername: given.servername,
      rejectUnauthorized: given.rejectUnauthorized,
    },
    namespace: config.getContextObject(config.currentContext)?.namespace ?? (await ownNamespace(env)),
    async credentials() {
      if (token !== undefined) return bearer(token);
      const { headers, auth } = await settings();
      const basic = auth == null ? {} : { Authorization: `Basic ${Buffer.from(auth).toString('base64')}` };
      return { ...basic, ...(headers as Record<string, string> | undefined) };
    },
  };
}

async function findKubeconfig(env: Environment): Promise<string | undefined> {
  const named = env['KUBECONFIG'];
  if (named !== undefined && named !== '') return named;
  const standard = join(env['HOME'] ?? homedir(), '.kube', 'config');
  return access(standard).then(
    () => standard,
    () => undefined,
  );
}

async function bearer(tokenOrFile: string): Promise<Readonly<Record<string, string>>> {
  const token = isAbsolute(tokenOrFile) ? (await readText(tokenOrFile, 'the token')).trim() : tokenOrFile;
  return { Authorization: `Bearer ${token}` };
}

async function ownNamespace(env: Environment): Promise<string> {
  const named = env['POD_NAMESPACE'];
  if (named !== undefined && named !== '') return named;
  return readFile(join(mounted, 'namespace'), 'utf8').then(
    (text) => text.trim(),
    () => 'default',
  );
}

async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new PortcullisError('CONFIG_UNREADABLE', `providers.kubernetesCRD: ${path} (${what}) cannot be read`, {
      cause,
    });
  }
}

function bracket(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

function trimSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
