import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestGateway, type TestGateway } from '../peers/gateway.ts';
import type { Cluster } from './cluster.ts';

/**
 * What nodes do in a whole cluster, done by hand here, where there are none: a process instead of a container, with the
 * arguments, the files and the account that the Deployment gives it; and a way from the API server to Services.
 */

interface PodSpec {
  readonly serviceAccountName: string;
  readonly containers: readonly {
    readonly args: readonly string[];
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  }[];
  readonly volumes: readonly {
    readonly name: string;
    readonly secret?: { readonly secretName: string; readonly items: readonly { key: string; path: string }[] };
  }[];
}

/** Starts what a pod of a Deployment would run. Listening addresses are free ports of this machine. */
export async function startPod(
  cluster: Cluster,
  { namespace, deployment }: { namespace: string; deployment: string },
  more: readonly string[],
): Promise<TestGateway> {
  const read = async (...args: string[]): Promise<string> => {
    const { code, output } = await cluster.kubectl(['-n', namespace, ...args]);
    if (code !== 0) throw new Error(output);
    return output;
  };
  const object = JSON.parse(await read('get', 'deployment', deployment, '-o', 'json')) as {
    spec: { template: { spec: PodSpec } };
  };
  const pod = object.spec.template.spec;
  const [container] = pod.containers;
  if (container === undefined) throw new Error('the Deployment has no container');

  const folder = mkdtempSync(join(tmpdir(), 'portcullis-pod-'));
  const mounted = new Map<string, string>();
  for (const { name, mountPath } of container.volumeMounts) {
    const secret = pod.volumes.find((volume) => volume.name === name)?.secret;
    if (secret === undefined) continue;
    const { data } = JSON.parse(await read('get', 'secret', secret.secretName, '-o', 'json')) as {
      data: Readonly<Record<string, string>>;
    };
    mkdirSync(join(folder, name));
    for (const { key, path } of secret.items) {
      writeFileSync(join(folder, name, path), Buffer.from(data[key] ?? '', 'base64'));
    }
    mounted.set(mountPath, join(folder, name));
  }
  const token = join(folder, 'token');
  writeFileSync(token, await read('create', 'token', pod.serviceAccountName));

  const args = container.args
    .slice(1)
    .filter((arg) => !/^--(?:entryPoints\.\w+\.address|log\.)/.test(arg))
    .map((arg) => [...mounted].reduce((text, [path, real]) => text.replace(path, real), arg))
    .map((arg) => arg.replace(/^(--webhook\.address=).*/, '$1127.0.0.1:0'));
  const { hostname, port } = new URL(cluster.server);
  const gateway = await startTestGateway({
    files: {},
    flags: [
      ...args,
      `--providers.kubernetesCRD.token=${token}`,
      `--providers.kubernetesCRD.certAuthFilePath=${cluster.certificate}`,
      ...more,
    ],
    // As the kubelet tells it.
    env: { POD_NAMESPACE: namespace, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
  });
  return {
    ...gateway,
    stop: async () => {
      const code = await gateway.stop();
      rmSync(folder, { recursive: true, force: true });
      return code;
    },
  };
}

/** A proxy that leads every connection to a Service to one port of this machine. */
export interface ServiceNetwork {
  /** Path of the socket that the proxy listens on. */
  readonly socket: string;
  /** Where connections lead from now on. */
  target: number;
  readonly close: () => Promise<void>;
}

export async function startServiceNetwork(): Promise<ServiceNetwork> {
  const state = { target: 0 };
  const open = new Set<Socket>();
  const proxy = createServer((_, response) => response.writeHead(405).end());
  proxy.on('connect', (_request, incoming: Socket) => {
    const outgoing = connect(state.target, '127.0.0.1', () => incoming.write('HTTP/1.1 200 Connected\r\n\r\n'));
    for (const socket of [incoming, outgoing]) {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
      socket.on('error', () => {
        incoming.destroy();
        outgoing.destroy();
      });
    }
    incoming.pipe(outgoing).pipe(incoming);
  });
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-services-'));
  const path = join(folder, 'socket');
  await new Promise<void>((resolve) => proxy.listen(path, resolve));
  return {
    socket: path,
    get target() {
      return state.target;
    },
    set target(port: number) {
      state.target = port;
    },
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
