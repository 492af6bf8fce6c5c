import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** True where HAProxy is installed. */
export const hasHaproxy: boolean = spawnSync('haproxy', ['-v']).status === 0;

export interface Replica {
  readonly web: number;
  readonly admin: number;
}

export interface LoadBalancer {
  /** Waits until it sends requests to each of the replicas, by index, or until it sends none to one that is gone. */
  waitFor(replicas: readonly number[], state: 'UP' | 'DOWN'): Promise<void>;
  stop(): Promise<void>;
}

/** How long a replica may take to be noticed, in milliseconds: health checks come every 100 ms, machines may be busy. */
const patience = 30_000;

/** A real load balancer that asks `/ping` of each replica and sends requests to those that are well. */
export async function startHaproxy(port: number, replicas: readonly Replica[]): Promise<LoadBalancer> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-haproxy-'));
  const servers = replicas.map(
    ({ web, admin }, index) => `  server r${index} 127.0.0.1:${web} check port ${admin} inter 100ms fall 1 rise 1`,
  );
  const path = join(folder, 'haproxy.cfg');
  const control = join(folder, 'control');
  writeFileSync(
    path,
    `global
  maxconn 4000
  stats socket ${control}
defaults
  mode http
  timeout connect 2s
  timeout client 1h
  timeout server 1h
  # A busy machine may take its time; a replica that leaves says so, and one that is gone refuses.
  timeout check 2s
  option redispatch 1
  retries 3
  # Only a connection that could not be made is tried again: a call is never sent twice.
  retry-on conn-failure
frontend in
  bind 127.0.0.1:${port}
  default_backend gateways
backend gateways
  balance roundrobin
  option httpchk GET /ping
  http-check send hdr Host localhost
  http-reuse never
${servers.join('\n')}
`,
  );
  const child: ChildProcess = spawn('haproxy', ['-db', '-q', '-f', path], { stdio: ['ignore', 'inherit', 'inherit'] });
  const states = async (): Promise<ReadonlyMap<string, string>> => {
    const lines = (await ask(control, 'show stat')).split('\n').filter((line) => line.startsWith('gateways,'));
    // https://docs.haproxy.org/2.8/management.html#9.1: the server's name is the second column, its state the eighteenth.
    return new Map(lines.map((line) => line.split(',')).map((columns) => [columns[1] ?? '', columns[17] ?? '']));
  };
  const waitFor: LoadBalancer['waitFor'] = async (wanted, state) => {
    const deadline = performance.now() + patience;
    for (;;) {
      const found = await states().catch(() => new Map<string, string>());
      if (wanted.every((index) => found.get(`r${index}`)?.startsWith(state) === true)) return;
      if (child.exitCode !== null) throw new Error('haproxy did not start');
      if (performance.now() > deadline)
        throw new Error(`the replicas do not become ${state}: ${JSON.stringify([...found])}`);
      await pause(20);
    }
  };
  await waitFor([...replicas.keys()], 'UP');
  return {
    waitFor,
    stop: async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What HAProxy answers to a command on its control socket. */
async function ask(control: string, command: string): Promise<string> {
  const socket = connect(control);
  socket.write(`${command}\n`);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}
