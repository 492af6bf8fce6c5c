import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** True where HAProxy is installed. */
export const hasHaproxy: boolean = spawnSync('haproxy', ['-v']).status === 0;

export interface Replica {
  readonly web: number;
  readonly admin: number;
}

/** A real load balancer that asks `/ping` of each replica and sends requests to those that are well. */
export async function startHaproxy(port: number, replicas: readonly Replica[]): Promise<{ stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-haproxy-'));
  const servers = replicas.map(
    ({ web, admin }, index) => `  server r${index} 127.0.0.1:${web} check port ${admin} inter 100ms fall 1 rise 1`,
  );
  const path = join(folder, 'haproxy.cfg');
  writeFileSync(
    path,
    `global
  maxconn 4000
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
  await pause(400);
  if (child.exitCode !== null) throw new Error('haproxy did not start');
  return {
    stop: async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
