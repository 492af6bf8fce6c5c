import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** One sample of an instant query. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Prometheus {
  /** Evaluates an expression now; throws what Prometheus says about one that it cannot evaluate. */
  query(expression: string): Promise<readonly Sample[]>;
  /** States of the alert rules, by name. */
  rules(): Promise<readonly { readonly name: string; readonly health: string; readonly lastError?: string }[]>;
  stop(): Promise<void>;
}

/** Where Debian puts it; undefined when it is not installed. */
export async function findPrometheus(): Promise<string | undefined> {
  try {
    await promisify(execFile)('prometheus', ['--version']);
    await promisify(execFile)('promtool', ['--version']);
    return 'prometheus';
  } catch {
    return undefined;
  }
}

/** Starts a Prometheus that scrapes one target every 200 ms and knows the alert rules of the kit. */
export async function startPrometheus(folder: string, target: string, alerts: string): Promise<Prometheus> {
  const port = await freePort();
  const configuration = join(folder, 'prometheus.yaml');
  mkdirSync(join(folder, 'data'), { recursive: true });
  writeFileSync(
    configuration,
    `global: {scrape_interval: 200ms, evaluation_interval: 500ms}
rule_files: [${JSON.stringify(alerts)}]
scrape_configs: [{job_name: portcullis, static_configs: [{targets: [${JSON.stringify(target)}]}]}]
`,
  );
  const child: ChildProcess = spawn(
    'prometheus',
    [
      `--config.file=${configuration}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { stdio: 'ignore' },
  );
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const base = `http://127.0.0.1:${port}`;
  const deadline = performance.now() + 20_000;
  for (;;) {
    const ready = await fetch(`${base}/-/ready`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) break;
    if (child.exitCode !== null || performance.now() > deadline) throw new Error('Prometheus did not start');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const prometheus: Prometheus = {
    async query(expression) {
      const response = await fetch(`${base}/api/v1/query`, {
        method: 'POST',
        body: new URLSearchParams({ query: expression }),
      });
      const answer = (await response.json()) as {
        status: string;
        error?: string;
        data: { result: { metric: Record<string, string>; value: [number, string] }[] };
      };
      if (answer.status !== 'success') throw new Error(`${expression}: ${answer.error}`);
      return answer.data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    async rules() {
      const answer = (await (await fetch(`${base}/api/v1/rules`)).json()) as {
        data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] };
      };
      return answer.data.groups.flatMap((group) => group.rules);
    },
    async stop() {
      if (child.exitCode === null) child.kill('SIGKILL');
      await gone;
    },
  };
  // It looks for its targets every five seconds only.
  while ((await prometheus.query('up')).length === 0 && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 50));
  return prometheus;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
