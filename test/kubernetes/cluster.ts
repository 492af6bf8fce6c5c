import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import { findFreePort } from '../peers/child.ts';
import { canary } from '../support/canaries.ts';
import { findPrograms, type Programs } from './programs.ts';

/** What kubectl said. */
export interface Said {
  readonly code: number;
  readonly output: string;
}

/** A request that changed something, as the API server's audit log has it. */
export interface AuditedChange {
  /** Who asked: `replica-0`, `admin`, … */
  readonly by: string;
  readonly verb: string;
  /** `middlewares/status`, `events`, `leases` */
  readonly resource: string;
  readonly name: string;
  readonly code: number;
  /** When the API server heard of it, by its own clock, in milliseconds. */
  readonly at: number;
}

/** A real API server over a real etcd, without nodes. */
export interface Cluster {
  /** `https://127.0.0.1:<port>` */
  readonly server: string;
  /** Token of an administrator. */
  readonly adminToken: string;
  /** File with what signs the API server's certificate. */
  readonly certificate: string;
  /** Install options for a gateway that reads this cluster as the ServiceAccount of `deploy/rbac`. */
  readonly flags: readonly string[];
  /** The same for one of several replicas (from 0), whom the audit log tells apart. */
  readonly replicaFlags: (replica: number) => readonly string[];
  /** Changes that the API server has made, oldest first; only with `audit`. */
  readonly changes: () => readonly AuditedChange[];
  /** Runs kubectl as an administrator. */
  readonly kubectl: (args: readonly string[], input?: string) => Promise<Said>;
  /** `kubectl apply` of YAML, or of a path; throws when it is refused. */
  readonly apply: (yamlOrPath: string) => Promise<void>;
  readonly signal: (signal: NodeJS.Signals) => void;
  readonly startApiServer: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** What the gateway is called by RBAC, with the token it shows. */
const account = 'system:serviceaccount:portcullis:portcullis';
const tokenOf = (replica: number): string => canary(`token-of-replica-${replica}`);
const adminToken = canary('token-of-the-administrator');

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const programs: Programs | undefined = findPrograms();

/**
 * Starts a cluster with the CRDs and the RBAC rules of `deploy/` and the namespace `apps`, or without some of them.
 * `serviceNetwork` is the socket of a proxy that takes the API server's connections to Services, which nodes would lead on.
 */
export async function startCluster({
  crds = true,
  rbac = true,
  audit = false,
  serviceNetwork = '',
} = {}): Promise<Cluster> {
  if (programs === undefined) throw new Error('there is no kube-apiserver');
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-cluster-'));
  const keyFile = join(folder, 'accounts.key');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs1', format: 'pem' }));
  const tokenFile = join(folder, 'tokens.csv');
  const groups = 'system:serviceaccounts,system:serviceaccounts:portcullis,system:authenticated';
  writeFileSync(
    tokenFile,
    [
      `${adminToken},admin,admin,system:masters`,
      ...[0, 1, 2].map((replica) => `${tokenOf(replica)},${account},replica-${replica},"${groups}"`),
    ].join('\n'),
  );
  const egress = join(folder, 'egress.yaml');
  writeFileSync(egress, egressThrough(serviceNetwork));
  const auditLog = join(folder, 'audit.log');
  const auditPolicy = join(folder, 'audit.yaml');
  writeFileSync(auditPolicy, auditRules);

  const [clientPort, peerPort, apiPort] = [await findFreePort(), await findFreePort(), await findFreePort()];
  const run = (program: string, name: string, args: readonly string[]): ChildProcess => {
    const log = openSync(join(folder, `${name}.log`), 'a');
    return spawn(program, args, { stdio: ['ignore', log, log], env: { PATH: process.env['PATH'] ?? '' } });
  };
  const etcdUrl = `http://127.0.0.1:${clientPort}`;
  const etcd = run(programs.etcd, 'etcd', [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
    '--unsafe-no-fsync',
  ]);
  const server = `https://127.0.0.1:${apiPort}`;
  const certificate = join(folder, 'certs', 'apiserver.crt');
  let apiServer: ChildProcess | undefined;
  const agent = new Agent({ connect: { rejectUnauthorized: false } });

  async function startApiServer(): Promise<void> {
    apiServer = run((programs as Programs).apiServer, 'api-server', [
      `--etcd-servers=${etcdUrl}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${apiPort}`,
      `--cert-dir=${join(folder, 'certs')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${keyFile}`,
      `--service-account-signing-key-file=${keyFile}`,
      `--token-auth-file=${tokenFile}`,
      '--authorization-mode=RBAC',
      '--disable-admission-plugins=ServiceAccount',
      '--endpoint-reconciler-type=none',
      '--service-cluster-ip-range=10.96.0.0/24',
      ...(serviceNetwork === '' ? [] : [`--egress-selector-config-file=${egress}`]),
      ...(audit ? [`--audit-policy-file=${auditPolicy}`, `--audit-log-path=${auditLog}`] : []),
    ]);
    const deadline = performance.now() + 60_000;
    while (!(await isReady())) {
      if (performance.now() > deadline || apiServer.exitCode !== null) {
        throw new Error(
          `the API server does not start:\n${readFileSync(join(folder, 'api-server.log'), 'utf8').slice(-4_000)}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async function isReady(): Promise<boolean> {
    try {
      const answer = await request(`${server}/readyz`, {
        dispatcher: agent,
        headers: { authorization: `Bearer ${adminToken}` },
      });
      await answer.body.dump();
      return answer.statusCode === 200;
    } catch {
      return false;
    }
  }

  const kubectl = (args: readonly string[], input = '') =>
    new Promise<Said>((resolve) => {
      const access = [`--server=${server}`, `--token=${adminToken}`, `--certificate-authority=${certificate}`];
      const child = execFile(
        (programs as Programs).kubectl,
        [...access, ...args],
        { maxBuffer: 64 * 1024 * 1024, env: { PATH: process.env['PATH'] ?? '', HOME: folder } },
        (error, stdout, stderr) =>
          resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr }),
      );
      child.stdin?.end(input);
    });
  const apply = async (yamlOrPath: string) => {
    const inline = yamlOrPath.includes('\n');
    const { code, output } = await kubectl(['apply', '-f', inline ? '-' : yamlOrPath], inline ? yamlOrPath : '');
    if (code !== 0) throw new Error(`kubectl apply failed:\n${output}`);
  };
  const stop = async () => {
    await Promise.all([end(apiServer), end(etcd)]);
    await agent.close();
    rmSync(folder, { recursive: true, force: true });
  };

  try {
    await startApiServer();
    if (crds) await apply(join(root, 'deploy/crds'));
    if (rbac) {
      await apply(join(root, 'deploy/rbac/cluster.yaml'));
      await kubectl(['create', 'namespace', 'apps']);
    }
    if (crds) await kubectl(['wait', '--for=condition=Established', '--timeout=20s', 'crd', '--all']);
  } catch (error) {
    await stop();
    throw error;
  }
  const provider = '--providers.kubernetesCRD';
  const replicaFlags = (replica: number): readonly string[] => [
    `${provider}.endpoint=${server}`,
    `${provider}.token=${tokenOf(replica)}`,
    `${provider}.certAuthFilePath=${certificate}`,
  ];
  return {
    server,
    adminToken,
    certificate,
    flags: replicaFlags(0),
    replicaFlags,
    changes: () => readAuditLog(auditLog),
    kubectl,
    apply,
    signal: (signal) => void apiServer?.kill(signal),
    startApiServer,
    stop,
  };
}

/** The environment that makes the gateway believe to be in the pod of the ServiceAccount. */
export const podEnvironment = { POD_NAMESPACE: 'portcullis' } as const;

const egressThrough = (socket: string): string => `apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
  - name: cluster
    connection: { proxyProtocol: HTTPConnect, transport: { uds: { udsName: "${socket}" } } }
`;

const auditRules = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
    verbs: [create, update, patch, delete]
  - level: None
`;

interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly uid?: string; readonly username: string };
  readonly objectRef?: { readonly resource: string; readonly subresource?: string; readonly name?: string };
  readonly responseStatus?: { readonly code: number };
  readonly requestReceivedTimestamp: string;
}

function readAuditLog(path: string): readonly AuditedChange[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines
    .map((line) => JSON.parse(line) as AuditEvent)
    .map(({ verb, user, objectRef, responseStatus, requestReceivedTimestamp }) => ({
      by: user.uid ?? user.username,
      verb,
      resource: [objectRef?.resource, objectRef?.subresource].filter((part) => part !== undefined).join('/'),
      name: objectRef?.name ?? '',
      code: responseStatus?.code ?? 0,
      at: Date.parse(requestReceivedTimestamp),
    }))
    .sort((a, b) => a.at - b.at);
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  // It may have been stopped.
  child.kill('SIGCONT');
  child.kill('SIGKILL');
  await gone;
}
