import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { formatDiagnostic } from '../../errors.ts';
import { variableName } from './environment.ts';
import { flattenConfiguration } from './flatten.ts';
import { loadStaticConfiguration } from './load.ts';
import { optionPaths, shapeOf } from './option-shape.ts';
import { staticSchema } from './schema.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function folderWith(files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-config-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

interface Given {
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly file?: string;
}

const empty = folderWith();

function load({ argv = [], env = {}, file }: Given = {}) {
  return loadStaticConfiguration({
    argv,
    env,
    cwd: file === undefined ? empty : folderWith({ 'portcullis.yaml': file }),
  });
}

function configure(given: Given = {}) {
  const loaded = load(given);
  if (!loaded.ok) throw new Error(loaded.diagnostics.map(formatDiagnostic).join('\n'));
  return loaded;
}

function problems(given: Given): string[] {
  const loaded = load(given);
  return loaded.ok ? [] : loaded.diagnostics.map(formatDiagnostic);
}

describe('defaults', () => {
  test('[G-2.install-defaults] three entrypoints, TLS on one of them, the admin one for this machine only', () => {
    const { configuration, warnings } = configure();
    const { web, websecure, admin, ...others } = configuration.entryPoints;
    expect(others).toEqual({});
    expect([web?.address, websecure?.address, admin?.address]).toEqual([':8000', ':8443', '127.0.0.1:8080']);
    expect([web?.http.tls, websecure?.http.tls, admin?.http.tls]).toEqual([undefined, {}, undefined]);
    expect(configuration.mcp.maxRequestBodySize).toBe(1_048_576);
    expect(configuration.log).toEqual({ level: 'INFO', format: 'common', noColor: false });
    expect(configuration.accessLog).toBeUndefined();
    expect(configuration.workers).toBe(1);
    expect(warnings).toEqual([]);
  });

  test('[DP-2.timeouts] head 10 s, body 30 s, idle 180 s; all settable', () => {
    const defaults = configure().configuration.entryPoints['web']?.transport.respondingTimeouts;
    expect(defaults).toEqual({ readHeaderTimeout: 10_000, readTimeout: 30_000, writeTimeout: 0, idleTimeout: 180_000 });
    const name = '--entryPoints.web.transport.respondingTimeouts';
    const argv = [`${name}.readHeaderTimeout=1s`, `${name}.readTimeout=2500ms`, `${name}.idleTimeout=1m30s`];
    const set = configure({ argv }).configuration.entryPoints['web']?.transport.respondingTimeouts;
    expect(set).toEqual({ readHeaderTimeout: 1000, readTimeout: 2500, writeTimeout: 0, idleTimeout: 90_000 });
  });

  test.each([
    [[], ['admin', 'web', 'websecure']],
    [['--entryPoints.web.asDefault'], ['admin', 'web', 'websecure']],
    [['--entryPoints.admin.address=127.0.0.1:1'], ['admin', 'web', 'websecure']],
    [['--entryPoints.web.address=:80'], ['admin', 'web']],
    [['--entryPoints.public.address=:80'], ['admin', 'public']],
    [
      ['--entryPoints.public.address=:80', '--entryPoints.websecure.address=:443'],
      ['admin', 'public', 'websecure'],
    ],
    [['--entryPoints.public.address=:80', '--api=false', '--ping=false'], ['public']],
    [['--entryPoints.public.address=:80', '--api=false', '--ping.entryPoint=public'], ['public']],
    [
      ['--entryPoints.traefik.address=127.0.0.1:1', '--entryPoints.web.address=:80'],
      ['traefik', 'web'],
    ],
  ])('%j gives the entrypoints %j', (argv, names) => {
    expect(Object.keys(configure({ argv }).configuration.entryPoints).sort()).toEqual(names);
  });

  test('websecure speaks TLS wherever it listens, unless told otherwise', () => {
    const tls = (argv: string[]) => configure({ argv }).configuration.entryPoints['websecure']?.http.tls;
    expect(tls(['--entryPoints.websecure.address=:443'])).toEqual({});
    expect(tls(['--entryPoints.websecure.http.tls.options=strict'])).toEqual({ options: 'strict' });
    expect(tls(['--entryPoints.websecure.http.tls=false'])).toBeUndefined();
  });
});

describe('sources', () => {
  test('[G-2.precedence] file, then variables, then flags win, and each value knows where it came from', () => {
    const file = 'log:\n  level: ERROR\n  format: json\nworkers: 2\nmcp: {maxRequestBodySize: 5}\n';
    const env = { PORTCULLIS_LOG_LEVEL: 'warn', PORTCULLIS_WORKERS: '3', UNRELATED_LOG_LEVEL: 'x' };
    const { configuration, origins } = configure({ file, env, argv: ['--workers=4'] });
    expect([configuration.log.level, configuration.log.format, configuration.workers]).toEqual(['WARN', 'json', 4]);
    expect(origins(['workers'])).toMatchObject({ source: 'flag', place: '--workers' });
    expect(origins(['log', 'level'])).toMatchObject({ source: 'environment', place: 'PORTCULLIS_LOG_LEVEL' });
    expect(origins(['log', 'format'])).toMatchObject({ source: 'file', place: 'portcullis.yaml:3:11' });
    expect(origins(['log', 'noColor'])).toMatchObject({ source: 'default' });
  });

  test('every option means the same in file, variable and flag, and is found in any case', () => {
    const paths = optionPaths(staticSchema)
      .map((path) => path.map((segment) => (segment === '<name>' ? 'web' : segment)))
      .filter((path) => {
        return typeAt(path) === 'boolean' || typeAt(path) === 'number';
      });
    expect(paths.length).toBeGreaterThan(20);
    const cased = (text: string, upper: readonly boolean[]) =>
      [...text]
        .map((character, index) => (upper[index % upper.length] ? character.toUpperCase() : character.toLowerCase()))
        .join('');
    // What some of the options cannot be without.
    const base = [
      '--providers.file.directory=x',
      '--entryPoints.web.http.redirections.entryPoint.to=websecure',
      '--audit.filePath=x',
    ];
    for (const path of paths) {
      const isSwitch = typeAt(path) === 'boolean';
      // Options have bounds of their own: the first number that this one takes.
      const takes = (number: string) => load({ argv: [...base, `--${path.join('.')}=${number}`] }).ok;
      const text = isSwitch ? 'true' : (['7', '300', '2048', '0.5'].find(takes) ?? 'no number');
      const nested = path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), JSON.parse(text));
      const fromFile = configure({ file: stringify(nested), argv: base });
      const fromVariable = configure({ env: { [variableName(path)]: text }, argv: base });
      expect(fromVariable.configuration).toEqual(fromFile.configuration);
      expect([fromFile, fromVariable].map(({ origins }) => origins(path).source)).toEqual(['file', 'environment']);
      fc.assert(
        fc.property(fc.array(fc.boolean(), { minLength: 1 }), fc.boolean(), (upper, single) => {
          const flag = `${single ? '-' : '--'}${cased(path.join('.'), upper)}`;
          for (const argv of [[`${flag}=${text}`], isSwitch ? [flag] : [flag, text]]) {
            const fromFlag = configure({ argv: [...base, ...argv] });
            expect(fromFlag.configuration).toEqual(fromFile.configuration);
            expect(fromFlag.origins(path).source).toBe('flag');
          }
        }),
        { numRuns: 3 },
      );
    }
  });

  test('the file: named one, else the first of the usual places', () => {
    const home = folderWith({ '.config/portcullis/portcullis.yaml': 'workers: 2' });
    const cwd = folderWith({ 'other.yaml': 'workers: 4' });
    const load = (argv: string[], env: Record<string, string>) => {
      const loaded = loadStaticConfiguration({ argv, env, cwd });
      return loaded.ok ? loaded.configuration.workers : undefined;
    };
    expect(load([], {})).toBe(1);
    expect(load([], { HOME: home })).toBe(2);
    expect(load([], { HOME: home, XDG_CONFIG_HOME: empty })).toBe(1);
    expect(load([], { HOME: home, PORTCULLIS_CONFIGFILE: 'other.yaml' })).toBe(4);
    expect(load(['--configFile=other.yaml'], { HOME: home })).toBe(4);
    expect(load(['-CONFIGFILE', 'other.yaml'], { HOME: home })).toBe(4);
    writeFileSync(join(cwd, 'portcullis.yml'), 'workers: 5');
    expect(load([], { HOME: home })).toBe(5);
  });

  test('names keep their spelling across sources; a variable can name one with a dash', () => {
    const file = 'entryPoints:\n  My-Web: {address: ":1"}\n  plain: {address: ":2"}\n';
    const env = { PORTCULLIS_ENTRYPOINTS_MY_WEB_ASDEFAULT: 'true', PORTCULLIS_ENTRYPOINTS_PLAIN_ADDRESS: ':3' };
    const { configuration } = configure({ file, env, argv: ['--entrypoints.MY-WEB.address=:4', '--accessLog'] });
    expect(
      Object.entries(configuration.entryPoints).map(([name, { address, asDefault }]) => [name, address, asDefault]),
    ).toEqual([
      ['My-Web', ':4', true],
      ['plain', ':3', false],
      ['admin', '127.0.0.1:8080', false],
    ]);
    const headers = configure({ env: { PORTCULLIS_ACCESSLOG_FIELDS_HEADERS_NAMES_USER_AGENT: 'keep' } });
    expect(headers.configuration.accessLog?.fields.headers.names).toEqual({ 'user-agent': 'keep' });
  });

  test.each<[string, Given, readonly string[]]>([
    ['repeated flags', { argv: ['--resolve=a:1=b:2', '--resolve', 'c:3=d:4'] }, ['a:1=b:2', 'c:3=d:4']],
    ['commas', { argv: ['--resolve=a:1=b:2, c:3=d:4'] }, ['a:1=b:2', 'c:3=d:4']],
    ['a variable', { env: { PORTCULLIS_RESOLVE: 'a:1=b:2,c:3=d:4' } }, ['a:1=b:2', 'c:3=d:4']],
    ['a file', { file: 'resolve: ["a:1=b:2", "c:3=d:4"]' }, ['a:1=b:2', 'c:3=d:4']],
    ['a later source replaces the list', { file: 'resolve: ["a:1=b:2"]', argv: ['--resolve=c:3=d:4'] }, ['c:3=d:4']],
    [
      'an anchor',
      { file: 'entryPoints: {x: {address: ":1", http: {middlewares: &a ["a:1=b:2"]}}}\nresolve: *a' },
      ['a:1=b:2'],
    ],
  ])('lists from %s', (_name, given, expected) => {
    expect(configure(given).configuration.resolve).toEqual(expected);
  });

  test.each<[Given, unknown]>([
    [{}, undefined],
    [{ argv: ['--accessLog'] }, 'common'],
    [{ argv: ['--accesslog=true'] }, 'common'],
    [{ file: 'accessLog:' }, 'common'],
    [{ file: 'accessLog: {}' }, 'common'],
    [{ file: 'accessLog: true' }, 'common'],
    [{ file: 'accessLog: {format: json}' }, 'json'],
    [{ file: 'accessLog: {format: json}', argv: ['--accessLog=false'] }, undefined],
    [{ file: 'accessLog: {format: json}', argv: ['--accessLog'] }, 'json'],
    [{ file: 'accessLog: false', argv: ['--accessLog.format=GENERICclf'] }, 'genericCLF'],
    [{ env: { PORTCULLIS_ACCESSLOG: 'true', PORTCULLIS_ACCESSLOG_FORMAT: '' } }, 'common'],
  ])('a section that can be switched on and off: %j', (given, format) => {
    expect(configure(given).configuration.accessLog?.format).toBe(format);
  });

  test('what comes along from elsewhere: aliases are taken, service links and unset variables are not options', () => {
    const argv = ['--hub.mcpgateway', '--hub.mcpgateway.maxRequestBodySize=2097152'];
    expect(configure({ argv }).configuration.mcp.maxRequestBodySize).toBe(2_097_152);
    const env = { PORTCULLIS_HUB_MCPGATEWAY_ENABLED: 'true', PORTCULLIS_HUB_MCPGATEWAY_MAXREQUESTBODYSIZE: '9' };
    expect(configure({ env }).configuration.mcp.maxRequestBodySize).toBe(9);
    const links = {
      PORTCULLIS_SERVICE_HOST: '10.0.0.1',
      PORTCULLIS_SERVICE_PORT_WEB: '80',
      PORTCULLIS_ADMIN_PORT_8080_TCP_ADDR: '10.0.0.1',
      PORTCULLIS_PORT: 'tcp://10.0.0.1:80',
      PORTCULLIS_CORPORA: '/corpora',
      PORTCULLIS_LOG_LEVEL: '',
      TRAEFIK_PORT: 'tcp://10.0.0.2:80',
    };
    expect(configure({ env: links }).warnings).toEqual([]);
    const [warning] = configure({ env: { TRAEFIK_LOG_LEVEL: 'DEBUG' } }).warnings;
    expect(warning).toMatchObject({ severity: 'warning', hint: 'rename it to PORTCULLIS_LOG_LEVEL' });
  });
});

describe('mistakes', () => {
  test('[G-2.unknown-options] a name that does not exist is told with its place and the nearest one', () => {
    expect(problems({ file: 'entryPoints:\n  web:\n    addres: ":80"\n' })).toEqual([
      'portcullis.yaml:3:5: error[CONFIG_UNKNOWN_KEY]: unknown option entryPoints.web.addres\n' +
        '  |     addres: ":80"\n  |     ^^^^^^\n  = help: did you mean entryPoints.web.address?',
    ]);
    expect(problems({ argv: ['--entryPoints.web.adress=:80'] })).toEqual([
      'error[CONFIG_UNKNOWN_KEY]: unknown option entryPoints.web.adress (flag --entryPoints.web.adress)\n' +
        '  = help: did you mean --entryPoints.web.address?',
    ]);
    expect(problems({ env: { PORTCULLIS_ENTRYPOINT_WEB_ADDRESS: ':80' } })).toEqual([
      'error[CONFIG_UNKNOWN_KEY]: unknown option entrypoint (environment PORTCULLIS_ENTRYPOINT_WEB_ADDRESS)\n' +
        '  = help: did you mean PORTCULLIS_ENTRYPOINTS_WEB_ADDRESS?',
    ]);
  });

  test('an option at the wrong place is told where it belongs', () => {
    expect(problems({ argv: ['--entryPoints.web.tls=true'] })[0]).toContain('there is entryPoints.<name>.http.tls');
  });

  test('all problems are told, not only the first', () => {
    expect(problems({ file: 'a: 1\nlog: {levl: x}\n', argv: ['--b', 'c'], env: { PORTCULLIS_D: '1' } })).toHaveLength(
      5,
    );
  });

  test.each<[string, Given, string]>([
    ['broken YAML', { file: 'log: [1' }, 'portcullis.yaml:1:8: error[CONFIG_SYNTAX]'],
    ['a list instead of a mapping', { file: '- a' }, 'the file must hold a mapping'],
    ['two documents', { file: 'workers: 1\n---\nworkers: 2' }, 'portcullis.yaml:3:1: error[CONFIG_INVALID_VALUE]'],
    ['the same name twice', { file: 'workers: 1\nworkers: 2' }, 'CONFIG_SYNTAX'],
    ['the same name in two cases', { file: 'workers: 1\nWorkers: 2' }, 'portcullis.yaml:2:1: error[CONFIG_DUPLICATE]'],
    ['no such file', { argv: ['--configFile=none.yaml'] }, 'configuration file none.yaml cannot be read (ENOENT)'],
    ['an operand', { argv: ['--log.level', 'DEBUG', 'routes'] }, 'unexpected argument routes'],
    ['a flag without its value', { argv: ['--log.level'] }, 'log.level has no value'],
    ['a flag instead of its value', { argv: ['--log.level', '--accessLog'] }, 'log.level has no value'],
    [
      'a key without its value',
      { file: 'log:\n  level:\n' },
      'portcullis.yaml:2:3: error[CONFIG_INVALID_VALUE]: log.level has no value',
    ],
    ['a value where a section is', { file: 'log: debug' }, 'log is a section, not a value'],
    ['a list where a section is', { file: 'log: [debug]' }, 'log is a section, not a value'],
    ['something below a value', { argv: ['--log.level.x=1'] }, 'log.level takes a single value'],
    ['something below a list', { argv: ['--resolve.x=1'] }, 'resolve takes a list'],
    ['an unlisted value', { argv: ['--log.level=debgu'] }, 'did you mean DEBUG?'],
    [
      'a wrong type',
      { file: 'workers: two' },
      'portcullis.yaml:1:10: error[CONFIG_INVALID_VALUE]: workers: expected number, received string (got "two")',
    ],
    ['a number out of range', { argv: ['--workers=0'] }, 'workers: '],
    ['a word for a boolean', { file: 'api: {dashboard: yes please}' }, 'api.dashboard: expected boolean'],
    ['a wrong address', { argv: ['--entryPoints.web.address=8000'] }, 'expected an address such as :8000'],
    ['a UDP address', { argv: ['--entryPoints.web.address=:53/udp'] }, 'expected an address such as :8000'],
    ['a port that is none', { argv: ['--entryPoints.web.address=:65536'] }, 'expected an address such as :8000'],
    [
      'an entrypoint without address',
      { file: 'entryPoints: {x: {asDefault: true}}' },
      'error[CONFIG_MISSING_KEY]: entryPoints.x.address is missing',
    ],
    ['a name that is none', { file: 'entryPoints: {"a b": {address: ":1"}}' }, 'a name consists of letters'],
    ['a prototype', { argv: ['--entryPoints.__proto__.address=:1'] }, 'this cannot be a name'],
    ['a wrong duration', { argv: ['--providers.providersThrottleDuration=2 days'] }, 'is not a duration'],
    [
      'a duration that no timer can keep',
      { argv: ['--serversTransport.forwardingTimeouts.dialTimeout=600h'] },
      'is longer than 596h',
    ],
    [
      'a wrong range',
      { argv: ['--entryPoints.web.forwardedHeaders.trustedIPs=10.0.0.0/33'] },
      'expected an IP address or a range',
    ],
    [
      'a wrong item of a list',
      { file: 'resolve:\n  - a:1=b:2\n  - a=b\n' },
      'resolve.1: expected host:port=address:port',
    ],
    ['a wrong status', { argv: ['--accessLog.filters.statusCodes=404,5xx'] }, 'expected a status or a range'],
    [
      'a field that is none',
      { file: 'accessLog: {fields: {names: {RequestPth: drop}}}' },
      'did you mean accessLog.fields.names.RequestPath?',
    ],
    [
      'two places for files',
      { argv: ['--providers.file.filename=a', '--providers.file.directory=b'] },
      'needs either `filename` or `directory`',
    ],
    ['no place for files', { argv: ['--providers.file'] }, 'needs either `filename` or `directory`'],
    ['an entrypoint that is none', { argv: ['--ping.entryPoint=webb'] }, 'did you mean web?'],
    [
      'a redirection to nowhere',
      { argv: ['--entryPoints.web.http.redirections.entryPoint.to=secure'] },
      'names the entrypoint secure, which does not exist',
    ],
    [
      'one port twice',
      { argv: ['--entryPoints.a.address=:1', '--entryPoints.b.address=:1'] },
      'entrypoints a and b both listen on :1',
    ],
    ['ACME', { argv: ['--certificatesResolvers.le.acme.email=x'] }, 'certificates are not fetched by the gateway'],
    ['rotation', { argv: ['--log.maxSize=5'] }, 'send SIGUSR1'],
    ['limits of connections', { argv: ['--entryPoints.web.transport.keepAliveMaxTime=5s'] }, 'idleTimeout'],
    ['another backend for metrics', { file: 'metrics: {statsD: {address: "a:1"}}' }, 'use metrics.otlp'],
    ['another provider', { argv: ['--providers.kubernetesIngress'] }, 'use providers.kubernetesCRD'],
    ['SPIFFE', { argv: ['--serversTransport.spiffe.ids=a'] }, 'serversTransport.rootCAs'],
    ['a licence token', { env: { PORTCULLIS_HUB_TOKEN: 'abc' } }, 'no licence token is needed'],
    [
      'HTTP/3',
      { file: 'entryPoints: {web: {address: ":1", http3: {}}}' },
      'portcullis.yaml:1:36: error[CONFIG_UNSUPPORTED]',
    ],
  ])('%s', (_name, given, expected) => {
    expect(problems(given).join('\n')).toContain(expected);
  });

  test('many aliases are refused, not followed for ever', () => {
    const lines = ['a0: &a0 {x: 1, y: 1}'];
    for (let level = 1; level < 24; level++) lines.push(`a${level}: &a${level} {x: *a${level - 1}, y: *a${level - 1}}`);
    const begun = performance.now();
    expect(problems({ file: lines.join('\n') }).join('\n')).toContain('alias');
    expect(performance.now() - begun).toBeLessThan(5000);
    expect(problems({ file: 'a: &a\n  b: *a\n' }).length).toBeGreaterThan(0);
  });

  test('[SEC-no-secret-in-errors] the value of a secret is in no message', () => {
    const secret = 'hunter2-hunter2';
    for (const given of [{ argv: [`--mcp.sessionKey=${secret}`] }, { env: { PORTCULLIS_MCP_SESSIONKEY: secret } }]) {
      expect(problems(given)).toHaveLength(1);
      expect(problems(given)[0]).not.toContain(secret);
    }
    expect(problems({ file: `mcp:\n  sessionKey: ${secret}\n` }).join()).not.toContain(secret);
  });

  test('risky combinations are allowed and told', () => {
    const argv = [
      '--entryPoints.admin.address=:8080',
      '--serversTransport.insecureSkipVerify',
      '--entryPoints.web.forwardedHeaders.insecure',
    ];
    expect(configure({ argv }).warnings.map(({ message }) => message)).toEqual([
      'web believes X-Forwarded-* from anybody',
      'the API is not served: its entrypoint admin can be reached from other machines and it has no authentication',
      'certificates of upstream servers are not checked',
    ]);
    expect(configure({ argv: ['--entryPoints.admin.address=:8080', '--api.insecure'] }).warnings).toEqual([]);
  });

  test.each<[Given, readonly string[]]>([
    [{ file: 'api: {dashboard: true}' }, ['portcullis.yaml:1:18: warning[CONFIG_UNSUPPORTED]']],
    [{ argv: ['--api.dashboard'] }, ['api.dashboard has no effect: there is no dashboard yet (flag --api.dashboard)']],
    [{ file: 'api: {dashboard: false}' }, []],
    [{ file: 'api: {}' }, []],
    [{}, []],
  ])('a dashboard that is asked for is told to be none: %j', (given, expected) => {
    const told = configure(given).warnings.map(formatDiagnostic);
    expect(told).toHaveLength(expected.length);
    for (const [index, text] of expected.entries()) expect(told[index]).toContain(text);
  });
});

describe('effective options', () => {
  test('one row per option, in the order of the schema, secrets marked', () => {
    const { configuration } = configure({ argv: [`--mcp.sessionKey=${'k'.repeat(32)}`] });
    const rows = flattenConfiguration(configuration);
    const names = rows.map(({ path }) => path.join('.'));
    expect(new Set(names).size).toBe(names.length);
    expect(names[0]).toBe('entryPoints.web.address');
    expect(rows.filter(({ secret }) => secret).map(({ path }) => path.join('.'))).toEqual(['mcp.sessionKey']);
    expect(rows.find(({ path }) => path.join('.') === 'accessLog')?.value).toBe(false);
    expect(rows.find(({ path }) => path.join('.') === 'entryPoints.websecure.http.tls')?.value).toBe(true);
    expect(rows.find(({ path }) => path.at(-1) === 'idleTimeout')).toMatchObject({ value: 180_000, unit: 'duration' });
  });

  test('every option says what it is for', () => {
    const described = (schema: object): boolean => 'description' in schema && typeof schema.description === 'string';
    const missing: string[] = [];
    const visit = (schema: Parameters<typeof shapeOf>[0], path: string): void => {
      const shape = shapeOf(schema);
      if (path !== '' && !described(schema)) missing.push(path);
      if (shape.kind === 'section') for (const key of shape.keys.values()) visit(key.schema, `${path}.${key.name}`);
      if (shape.kind === 'map' && shapeOf(shape.value).kind === 'section') visit(shape.value, `${path}.<name>`);
    };
    visit(staticSchema, '');
    expect(missing).toEqual([]);
  });
});

function shapeAt(path: readonly string[]) {
  let shape = shapeOf(staticSchema);
  for (const segment of path) {
    if (shape.kind === 'section') {
      const key = shape.keys.get(segment.toLowerCase());
      if (key === undefined) throw new Error(`no option ${path.join('.')}`);
      shape = shapeOf(key.schema);
    } else if (shape.kind === 'map') shape = shapeOf(shape.value);
  }
  return shape;
}

function typeAt(path: readonly string[]): string {
  const shape = shapeAt(path);
  return shape.kind === 'scalar'
    ? (shape.schema as { readonly _zod: { readonly def: { readonly type: string } } })._zod.def.type
    : '';
}
