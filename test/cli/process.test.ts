import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, get, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { addressOf, freePorts, type RunningProcess, start } from './process.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-process-'));
afterAll(() => rmSync(folder, { recursive: true }));

const running: RunningProcess[] = [];
function run(argv: readonly string[], env?: Readonly<Record<string, string>>): RunningProcess {
  const started = start(argv, env);
  running.push(started);
  return started;
}
afterEach(async () => {
  for (const { child } of running) child.kill('SIGKILL');
  await Promise.all(running.splice(0).map(({ ended }) => ended));
});

describe('one-off commands', () => {
  test.each<[string[], number, RegExp]>([
    [['version'], 0, /^portcullis \d+\.\d+\.\d+ \(Node\.js \d+/],
    [['--help'], 0, /^Portcullis, an MCP gateway/],
    [['check', 'examples/guide'], 0, /^0 errors/],
    [['token', '--secret', 'a-secret-that-is-long-enough-for-it'], 0, /^eyJ/],
    [['config', '--given'], 0, /^$/],
    [['schema', 'install'], 0, /"\$schema"/],
    [['completion', 'bash'], 0, /^# bash completion/],
    [['completion', '--help'], 0, /^Usage: portcullis completion/],
    [['chek'], 2, /^$/],
    [['config', '--nope'], 3, /^$/],
  ])('[AR-exit-codes] %j ends with %i', async (argv, code, expected) => {
    const { ended, out, err } = start(argv);
    expect(await ended).toBe(code);
    expect(out()).toMatch(expected);
    expect(err() === '').toBe(code === 0);
  });

  test('a reader that has seen enough is no fault', async () => {
    const { child, ended, err } = start(['schema', 'middleware']);
    child.stdout?.destroy();
    expect(await ended).toBe(0);
    expect(err()).toBe('');
  });

  test.skipIf(process.platform === 'win32')('the completion for bash completes', async () => {
    const { ended, out } = start(['completion', 'bash']);
    await ended;
    const { spawnSync } = await import('node:child_process');
    const complete = (...words: string[]): string[] => {
      const script = `${out()}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _portcullis; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout.trim().split('\n');
    };
    expect(complete('portcullis', 'he')).toEqual(['healthcheck']);
    expect(complete('portcullis', 'token', '--claim')).toEqual(['--claim', '--claim-json']);
    expect(complete('portcullis', 'run', '--LOG.l')).toEqual(['--log.level']);
    expect(complete('portcullis', '--entrypoints.web.add')).toEqual(['--entryPoints.web.address']);
  });
});

describe('run', () => {
  let upstream: Server | undefined;
  const held: ServerResponse[] = [];
  afterEach(() => {
    upstream?.closeAllConnections();
    upstream?.close();
    upstream = undefined;
    held.splice(0);
  });

  /** Answers at once, but holds what asks for `/slow`. */
  async function routes(name: string): Promise<string> {
    const opened = createServer((request, response) => {
      if (request.url === '/slow') held.push(response);
      else response.end('answered');
    });
    upstream = opened;
    await new Promise<void>((resolve) => opened.listen(0, '127.0.0.1', resolve));
    const file = join(folder, name);
    writeFileSync(file, routesTo('a.localhost', portOfUpstream()));
    return file;
  }
  const routesTo = (host: string, port: number) =>
    `http:\n  routers: {a: {rule: "Host(\`${host}\`)", service: s}}\n  services: {s: {loadBalancer: {servers: [{url: "http://127.0.0.1:${port}"}]}}}\n`;
  /** Asks over a connection of its own. Names below `localhost` are not resolved everywhere, so the address is given. */
  const ask = (address: string, path = '/', host = 'a.localhost'): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const url = `http://${address}${path}`;
      const request = get(url, { headers: { host }, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', reject);
      });
      request.on('error', reject);
    });
  const portOfUpstream = (): number => {
    const address = upstream?.address();
    if (typeof address !== 'object' || address === null) throw new Error('no upstream');
    return address.port;
  };

  test('[AR-startup] starts in the blink of an eye, answers, says where it listens, and is well', async () => {
    const file = await routes('start.yaml');
    const begun = performance.now();
    const gateway = run([file, ...freePorts]);
    const web = await addressOf(gateway, 'web');
    const admin = await addressOf(gateway, 'admin');
    expect((await ask(web)).status).toBe(200);
    // Measured around 0.5 s on an idle machine; other tests run beside this one.
    expect(performance.now() - begun).toBeLessThan(8000);
    await gateway.seen(/INF Portcullis is ready/);
    const healthcheck = start(['healthcheck', `--entryPoints.admin.address=${admin}`]);
    expect(await healthcheck.ended).toBe(0);
    expect(healthcheck.out()).toBe(`OK: http://${admin}/ping\n`);
    expect(gateway.err()).toBe('');
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    '[SEC-shutdown] %s lets running requests end and takes no new ones',
    async (signal) => {
      const file = await routes('drain.yaml');
      const gateway = run([file, ...freePorts]);
      const web = await addressOf(gateway, 'web');
      await gateway.seen(/is ready/);
      const slow = ask(web, '/slow');
      for (let wait = 0; held.length === 0 && wait < 500; wait++) await sleep(10);
      gateway.child.kill(signal);
      await gateway.seen(new RegExp(`INF ${signal}: no new requests`));
      await sleep(200);
      await expect(ask(web)).rejects.toThrow();
      held[0]?.end('late, and whole');
      expect((await slow).text).toBe('late, and whole');
      expect(await gateway.ended).toBe(0);
      expect(gateway.out()).toMatch(/INF Portcullis ends exitCode=0\n$/);
    },
  );

  test('[SEC-shutdown] what does not end in time is cut, a second signal does not wait', async () => {
    const file = await routes('grace.yaml');
    const grace = '--entryPoints.web.transport.lifeCycle.graceTimeOut';
    const patient = run([file, ...freePorts, `${grace}=300ms`]);
    const slow = ask(await addressOf(patient, 'web'), '/slow').catch(() => 'cut');
    for (let wait = 0; held.length === 0 && wait < 500; wait++) await sleep(10);
    patient.child.kill('SIGTERM');
    expect(await patient.ended).toBe(0);
    expect(await slow).toBe('cut');

    const hurried = run([file, ...freePorts, `${grace}=60s`]);
    const again = ask(await addressOf(hurried, 'web'), '/slow').catch(() => 'cut');
    for (let wait = 0; held.length === 1 && wait < 500; wait++) await sleep(10);
    hurried.child.kill('SIGTERM');
    await hurried.seen(/no new requests/);
    hurried.child.kill('SIGTERM');
    expect(await hurried.ended).toBe(143);
    expect(await again).toBe('cut');
  });

  test('[AR-signals] SIGHUP reads the routing configuration again, SIGUSR1 opens log files again', async () => {
    const file = await routes('signals.yaml');
    const log = join(folder, 'app.log');
    const access = join(folder, 'access.log');
    const gateway = run([
      file,
      ...freePorts,
      '--providers.file.watch=false',
      '--providers.providersThrottleDuration=0s',
      `--accessLog.filePath=${access}`,
      `--log.filePath=${log}`,
    ]);
    const logged = async (path: string, pattern: RegExp): Promise<RegExpExecArray> => {
      for (let wait = 0; wait < 1000; wait++) {
        const match = pattern.exec(readable(path));
        if (match !== null) return match;
        await sleep(10);
      }
      throw new Error(`${pattern} is not in ${path}:\n${readable(path)}${gateway.err()}`);
    };
    const [, web = ''] = await logged(log, /address=(\S+) entryPoint=web/);
    await logged(log, /is ready/);
    expect((await ask(web)).status).toBe(200);
    await logged(access, /"GET \/ HTTP\/1\.1" 200 8 /);

    writeFileSync(file, readFileSync(file, 'utf8').replace('a.localhost', 'b.localhost'));
    expect((await ask(web, '/', 'b.localhost')).status).toBe(404);
    gateway.child.kill('SIGHUP');
    await logged(log, /SIGHUP[\s\S]*configuration loaded/);
    expect((await ask(web, '/', 'b.localhost')).status).toBe(200);

    renameSync(log, `${log}.1`);
    renameSync(access, `${access}.1`);
    gateway.child.kill('SIGUSR1');
    await logged(log, /SIGUSR1: log files opened again/);
    expect((await ask(web, '/after', 'b.localhost')).status).toBe(200);
    await logged(access, /"GET \/after HTTP\/1\.1" 200/);
    expect(gateway.out()).toBe('');
    gateway.child.kill('SIGTERM');
    expect(await gateway.ended).toBe(0);
  });

  test('[SEC-fault] a fault that nobody foresaw is logged, requests end, and the exit code asks for a new start', async () => {
    const file = await routes('fault.yaml');
    const injected = `data:text/javascript,${encodeURIComponent("process.on('SIGUSR2', () => setTimeout(() => { throw new Error('injected fault'); }))")}`;
    const gateway = run([file, ...freePorts], { NODE_OPTIONS: `--import=${injected}` });
    const web = await addressOf(gateway, 'web');
    await gateway.seen(/is ready/);
    const slow = ask(web, '/slow');
    for (let wait = 0; held.length === 0 && wait < 500; wait++) await sleep(10);
    gateway.child.kill('SIGUSR2');
    await gateway.seen(/ERR uncaught exception: Error: injected fault/);
    held[0]?.end('still whole');
    expect((await slow).text).toBe('still whole');
    expect(await gateway.ended).toBe(1);
  });

  test('[AR-exit-codes] what keeps it from starting is told on standard error', async () => {
    const file = await routes('taken.yaml');
    const port = portOfUpstream();
    const taken = run([file, `--entryPoints.web.address=127.0.0.1:${port}`, '--entryPoints.admin.address=127.0.0.1:0']);
    expect(await taken.ended).toBe(1);
    expect(taken.err()).toContain('the port is taken');
    expect(taken.err()).not.toContain('    at ');
    writeFileSync(file, 'a: [');
    const broken = run([file, ...freePorts]);
    expect(await broken.ended).toBe(3);
    expect(broken.err()).toContain('error[CONFIG_SYNTAX]');
    const nowhere = run([file, ...freePorts, `--log.filePath=${folder}`]);
    expect(await nowhere.ended).toBe(3);
    expect(nowhere.err()).toContain('cannot be written (EISDIR)');
  });

  test('[AR-workers] several processes share the ports; one that dies is replaced', async () => {
    const file = await routes('workers.yaml');
    const gateway = run([file, ...freePorts, '--workers=2', '--log.format=json']);
    const ports = new Set<string>();
    for (let wait = 0; wait < 1000; wait++) {
      const lines = gateway
        .out()
        .split('\n')
        .filter((line) => line.includes('"web"'));
      for (const line of lines) ports.add(JSON.parse(line).address);
      if ((gateway.out().match(/is ready/g)?.length ?? 0) === 2) break;
      await sleep(10);
    }
    expect(ports.size).toBe(1);
    const [web = ''] = ports;
    expect((await ask(web)).status).toBe(200);

    const { execFileSync } = await import('node:child_process');
    const workers = () =>
      execFileSync('pgrep', ['-P', String(gateway.child.pid)], { encoding: 'utf8' })
        .trim()
        .split('\n')
        .map(Number);
    const [first = 0] = workers();
    expect(workers()).toHaveLength(2);
    process.kill(first, 'SIGKILL');
    for (let wait = 0; wait < 1000 && (gateway.out().match(/is ready/g)?.length ?? 0) < 3; wait++) await sleep(10);
    expect(gateway.out()).toContain('a worker ended and is replaced');
    expect(workers()).toHaveLength(2);
    expect(workers()).not.toContain(first);
    expect((await ask(web)).status).toBe(200);
    gateway.child.kill('SIGTERM');
    expect(await gateway.ended).toBe(0);
  });

  test('[AR-workers] when no worker can start, neither can the whole', async () => {
    const file = join(folder, 'no-worker.yaml');
    writeFileSync(file, 'a: [');
    const gateway = run([file, ...freePorts, '--workers=2']);
    expect(await gateway.ended).toBe(3);
  });
});

function readable(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
