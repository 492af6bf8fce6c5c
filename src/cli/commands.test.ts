import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { portcullis } from '../../test/cli/surroundings.ts';
import { commands } from './commands.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'portcullis-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

const guide = join(root, 'examples', 'guide');

describe('finding the command', () => {
  test.each(['--help', '-h', 'help'])('%s lists every command and the exit codes', async (flag) => {
    const { code, out, err } = await portcullis([flag]);
    expect([code, err]).toEqual([0, '']);
    for (const { name, summary } of commands) expect(out).toContain(`  ${name.padEnd(11)}  ${summary}\n`);
    expect(out).toContain('Exit codes: 0 done · 1 failed while running · 2 wrong command line · 3 wrong configuration');
  });

  test.each(commands.map(({ name }) => name))(
    '%s --help says how it is used, with an example or what it does',
    async (name) => {
      const { code, out, err } = await portcullis([name, '--help']);
      expect([code, err]).toEqual([0, '']);
      expect(out).toContain(`Usage: portcullis ${name}`);
      expect(out.length).toBeGreaterThan(120);
      expect((await portcullis(['help', name])).out).toBe(out);
    },
  );

  test.each<[string[], string]>([
    [['chek'], 'did you mean check?'],
    [['no-such-folder'], 'no-such-folder is neither a command nor a folder'],
    [['version', 'extra'], 'too many arguments'],
    [['version', '--long'], "unknown option '--long'"],
    [['check', guide, '--sttrict'], '(Did you mean --strict?)'],
    [['config', '--jsom'], '(Did you mean --json?)'],
    [['policy', 'tset'], 'unknown command policy tset'],
    [['run', 'no-such-folder'], 'there is no file or folder no-such-folder'],
    [['check', 'no-such-folder'], 'there is no file or folder no-such-folder'],
    [['config', folder, 'b'], 'too many arguments'],
    [['schema', 'midleware'], 'did you mean middleware?'],
    [['completion', 'tcsh'], 'there is no completion for tcsh'],
    [['completion'], "missing required argument 'shell'"],
    [['healthcheck', 'x'], 'too many arguments'],
  ])('[AR-exit-codes] %j is a wrong command line', async (argv, expected) => {
    const { code, out, err } = await portcullis(argv);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(expected);
    expect(err).toContain('--help)');
  });

  test.each<[string[], string]>([
    [['run', '--log.levle=DEBUG'], 'did you mean --log.level?'],
    [['--log.level=debgu'], 'did you mean DEBUG?'],
    [['config', '--workers', '0'], 'workers: '],
    [['check', guide, '--workers', '0'], 'workers: '],
    [['check', guide, '--worker=2'], 'did you mean --workers?'],
    [['check', guide, '--quiet'], 'known here: entryPoints, '],
    [['healthcheck', '--ping=false'], '/ping is switched off'],
  ])('[AR-exit-codes] %j is a wrong configuration', async (argv, expected) => {
    const { code, out, err } = await portcullis(argv);
    expect([code, out]).toEqual([3, '']);
    expect(err).toContain(expected);
  });
});

describe('version', () => {
  test('the number of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect((await portcullis(['version', '--short'])).out).toBe(`${version}\n`);
    expect((await portcullis(['--version'])).out).toBe(
      `portcullis ${version} (Node.js ${process.versions.node}, ${process.platform}/${process.arch})\n`,
    );
  });
});

describe('config', () => {
  test('[G-2.config-command] every effective value and where it came from, secrets hidden', async () => {
    const cwd = join(folder, 'config');
    mkdirSync(cwd);
    writeFileSync(join(cwd, 'portcullis.yaml'), `log:\n  level: WARN\nmcp:\n  sessionKey: ${'k'.repeat(32)}\n`);
    const env = { PORTCULLIS_WORKERS: '3' };
    const argv = [
      'config',
      '--entryPoints.web.address=:80',
      '--entryPoints.web.transport.respondingTimeouts.idleTimeout=90s',
    ];
    const all = await portcullis(argv, { env, cwd });
    expect([all.code, all.err]).toEqual([0, '']);
    expect(all.out).not.toContain('kkk');
    const rows = all.out
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/ +/g, ' '));
    expect(rows).toContain('entryPoints.web.address = :80 # flag: --entryPoints.web.address');
    expect(rows).toContain(
      'entryPoints.web.transport.respondingTimeouts.idleTimeout = 1m30s # flag: --entryPoints.web.transport.respondingTimeouts.idleTimeout',
    );
    expect(rows).toContain('log.level = WARN # file: portcullis.yaml:2:10');
    expect(rows).toContain('workers = 3 # environment: PORTCULLIS_WORKERS');
    expect(rows).toContain('mcp.sessionKey = REDACTED # file: portcullis.yaml:4:15');
    expect(rows).toContain('log.format = common # default');

    const given = await portcullis([...argv, '--given', '--json'], { env, cwd });
    expect(JSON.parse(given.out).map(({ name }: { name: string }) => name)).toEqual([
      'entryPoints.web.address',
      'entryPoints.web.transport.respondingTimeouts.idleTimeout',
      'log.level',
      'mcp.sessionKey',
      'workers',
    ]);
  });

  test.each<[string, readonly string[]]>([
    ['accessLog: {}\n', ['accessLog = true # file: portcullis.yaml:1:12']],
    ['accessLog: true\n', ['accessLog = true # file: portcullis.yaml:1:12']],
    ['accessLog: {format: json}\n', ['accessLog.format = json # file: portcullis.yaml:1:21']],
    ['api: false\n', ['api = false # file: portcullis.yaml:1:6']],
    ['tracing: {otlp: {grpc: {}}}\n', ['tracing.otlp.grpc = true # file: portcullis.yaml:1:24']],
  ])('a section that was switched on or off by itself: %s', async (text, expected) => {
    const cwd = mkdtempSync(join(folder, 'section-'));
    writeFileSync(join(cwd, 'portcullis.yaml'), text);
    const { out } = await portcullis(['config', '--given'], { cwd });
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => line.replace(/ +/g, ' ')),
    ).toEqual(expected);
  });

  test('a folder as for run', async () => {
    const { out } = await portcullis(['config', guide, '--given']);
    expect(out).toBe(`providers.file.directory = ${guide}  # flag: ${guide}\n`);
    expect((await portcullis(['config', '--given', join(root, 'package.json')])).out).toContain(
      'providers.file.filename = ',
    );
  });
});

describe('check', () => {
  const routes = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const good = routes(
    'good.yaml',
    'http:\n  routers: {a: {rule: "Host(`a.example`)", service: s}}\n  services: {s: {loadBalancer: {servers: [{url: "http://127.0.0.1:1"}]}}}\n',
  );
  const broken = routes('broken.yaml', 'http:\n  routers:\n    a: {rule: "Hst(`a.example`)", service: s}\n');

  test('[G-3.check] the guide’s manifests are in order', async () => {
    const { code, out, err } = await portcullis(['check', guide]);
    expect(err).toBe('');
    expect(out).toMatch(/^0 errors, 0 warnings in 1 router, \d+ other items\n$/);
    expect(code).toBe(0);
  });

  test('[G-3.check] a mistake is told with its place, and the exit code says so', async () => {
    const { code, out, err } = await portcullis(['check', broken]);
    expect(code).toBe(3);
    expect(err).toContain(`${broken}:3:`);
    expect(err).toContain('Did you mean Host?');
    expect(out).toMatch(/^[1-9]\d* errors?,/);
  });

  test('several paths belong together', async () => {
    const service = routes(
      'service.yaml',
      'http: {services: {s: {loadBalancer: {servers: [{url: "http://127.0.0.1:1"}]}}}}\n',
    );
    const router = routes('router.yaml', 'http: {routers: {a: {rule: "Host(`a.example`)", service: s}}}\n');
    expect((await portcullis(['check', router])).code).toBe(3);
    expect((await portcullis(['check', router, service])).code).toBe(0);
  });

  test('a file that cannot be read as YAML', async () => {
    const { code, out, err } = await portcullis(['check', good, routes('syntax.yaml', 'a: [1')]);
    expect(code).toBe(3);
    expect(err).toContain('error[CONFIG_SYNTAX]');
    expect(out).toMatch(/^1 error, 0 warnings; nothing else was checked/);
  });

  test('--json for programs', async () => {
    const { out } = await portcullis(['check', broken, '--json']);
    expect(JSON.parse(out)[0]).toMatchObject({ severity: 'error', at: { file: broken, line: 3 } });
    expect(JSON.parse((await portcullis(['check', good, '--json'])).out)).toEqual([]);
  });

  test('problems of install options are problems, too', async () => {
    const risky = ['check', good, '--serversTransport.insecureSkipVerify'];
    const { code, out, err } = await portcullis(risky);
    expect([code, out]).toEqual([0, '0 errors, 1 warning in 1 router, 1 other item\n']);
    expect(err).toContain('certificates of upstream servers are not checked (flag --serversTransport');
    expect((await portcullis([...risky, '--strict'])).code).toBe(3);
    for (const [flag, code] of [
      ['--serversTransport.insecureSkipVerify', 'CONFIG_INVALID_VALUE'],
      ['--log.levle=DEBUG', 'CONFIG_UNKNOWN_KEY'],
    ] as const) {
      const told = await portcullis(['check', good, '--json', flag]);
      expect(told.err).toBe('');
      expect(JSON.parse(told.out)).toEqual([
        expect.objectContaining({ code, subject: expect.stringContaining(flag.split('=')[0] ?? '') }),
      ]);
    }
  });

  test('without paths, what the install options name', async () => {
    expect((await portcullis(['check', `--providers.file.filename=${broken}`])).code).toBe(3);
    expect((await portcullis(['check'])).out).toContain('no routing configuration was named');
  });
});

describe('schema', () => {
  test('lists kinds and prints each as JSON Schema', async () => {
    const { code, out } = await portcullis(['schema']);
    expect(code).toBe(0);
    const kinds = out.trimEnd().split('\n');
    expect(kinds).toEqual(
      expect.arrayContaining(['install', 'ingressroute', 'manifest', 'middleware', 'policy-test', 'routing-file']),
    );
    for (const kind of kinds) {
      const schema = JSON.parse((await portcullis(['schema', kind])).out);
      expect(schema).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' });
    }
    expect((await portcullis(['schema', 'IngressRoute'])).out).toBe((await portcullis(['schema', 'ingressroute'])).out);
  });
});

describe('completion', () => {
  test.each(['bash', 'zsh', 'fish'])('%s knows every command, its options and the install options', async (shell) => {
    const { code, out } = await portcullis(['completion', shell]);
    expect(code).toBe(0);
    for (const { name } of commands) expect(out).toContain(name);
    for (const flag of ['entryPoints.web.address', 'accessLog.format', 'claim-json', 'configFile'])
      expect(out).toContain(flag);
  });
});

describe('completion in bash', () => {
  test.each<[string, readonly string[]]>([
    ['pol', ['policy']],
    ['--log.l', ['--log.level']],
    ['policy te', ['test']],
    ['policy test --form', ['--format']],
    ['policy lint --fail', ['--fail-on']],
    ['policy nothing --fail', []],
    ['audit ver', ['verify']],
    ['audit verify --par', ['--partial']],
    ['check --str', ['--strict']],
    ['run --LOG.LEV', ['--log.level']],
    ['token --claim-', ['--claim-json']],
  ])('%s', async (line, expected) => {
    const { out } = await portcullis(['completion', 'bash']);
    const words = ['portcullis', ...line.split(' ')];
    const script = `${out}\nCOMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _portcullis; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    expect([stderr, stdout.split('\n').filter((word) => word !== '')]).toEqual(['', expected]);
  });
});

describe('healthcheck', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.close();
  });
  const serve = async (status: number): Promise<number> => {
    const opened = createServer((request, response) => {
      response.writeHead(request.url === '/ping' ? status : 404).end();
    });
    server = opened;
    await new Promise<void>((resolve) => opened.listen(0, '127.0.0.1', resolve));
    return (opened.address() as AddressInfo).port;
  };

  test('[AR-healthcheck] a gateway that is well', async () => {
    const port = await serve(200);
    const { code, out } = await portcullis(['healthcheck', `--entryPoints.admin.address=127.0.0.1:${port}`]);
    expect([code, out]).toEqual([0, `OK: http://127.0.0.1:${port}/ping\n`]);
    const everywhere = await portcullis([
      'healthcheck',
      '--ping.entryPoint=web',
      `--entryPoints.web.address=:${port}`,
      '--api=false',
    ]);
    expect(everywhere.out).toBe(`OK: http://127.0.0.1:${port}/ping\n`);
  });

  test('[AR-healthcheck] one that is leaving, and none at all', async () => {
    const port = await serve(503);
    const flag = `--entryPoints.admin.address=127.0.0.1:${port}`;
    expect(await portcullis(['healthcheck', flag])).toEqual({
      code: 1,
      out: '',
      err: `Bad status 503: http://127.0.0.1:${port}/ping\n`,
    });
    await new Promise((resolve) => server?.close(resolve));
    server = undefined;
    expect(await portcullis(['healthcheck', flag])).toEqual({
      code: 1,
      out: '',
      err: `No answer (ECONNREFUSED): http://127.0.0.1:${port}/ping\n`,
    });
  });
});
