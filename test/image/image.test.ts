import { chmodSync, existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type RunningDemo, runDemo } from '../../demo/demo.ts';
import { bearer, callTool, curl } from '../guide/curl.ts';
import { canary, searchOutputs } from '../support/canaries.ts';
import { keepMetrics } from '../support/keep-metrics.ts';
import {
  type BuiltImage,
  buildImage,
  filesBelow,
  type RunningContainer,
  reasonNotToBuild,
  root,
  sharedFolderOf,
} from './image.ts';

const reason = reasonNotToBuild();
if (reason !== undefined) console.warn(`SKIPPED: the container image is not built and not tested (${reason}).`);

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}
interface LockEntry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
}
const readJson = <Shape>(...path: readonly string[]): Shape => JSON.parse(readFileSync(join(...path), 'utf8')) as Shape;

describe.skipIf(reason !== undefined)('the container image', () => {
  let image: BuiltImage;
  let app: string;
  beforeAll(async () => {
    image = await buildImage();
    app = join(image.files, 'app');
  }, 400_000);
  afterAll(() => image?.remove(), 60_000);

  /** Runs the guide's demo with the gateway in a container. */
  async function runInContainer(start: (args: readonly string[], shared: string) => RunningContainer): Promise<{
    readonly demo: RunningDemo;
    readonly container: RunningContainer;
    readonly admin: string;
  }> {
    let container: RunningContainer | undefined;
    const addressOf = async (running: RunningContainer, entryPoint: string): Promise<string> =>
      (await running.seen(new RegExp(`entrypoint listening address=(\\S+) entryPoint=${entryPoint} `)))[1] ?? '';
    const demo = await runDemo({
      print: () => {},
      async startGateway(args) {
        const manifests = args.find((arg) => arg.startsWith('--providers.file.directory='))?.split('=')[1] ?? '';
        const shared = sharedFolderOf(manifests);
        chmodSync(shared, 0o755);
        const flags = args.map((arg) => arg.replace(/^(--entryPoints\.\w+\.address=127\.0\.0\.1):\d+$/, '$1:0'));
        const started = start([...flags, '--accessLog=true', '--log.level=DEBUG'], shared);
        container = started;
        await started.seen(/INF Portcullis is ready/);
        return { webAddress: await addressOf(started, 'web'), stop: async () => void (await started.stop()) };
      },
    });
    if (container === undefined) throw new Error('the demo started no gateway');
    return { demo, container, admin: await addressOf(container, 'admin') };
  }

  describe.each([
    ['run by the engine', 'start'],
    ['with files that nobody can write', 'startReadOnly'],
  ] as const)('%s', (_title, how) => {
    let demo: RunningDemo;
    let container: RunningContainer;
    let admin: string;
    beforeAll(async () => {
      ({ demo, container, admin } = await runInContainer((args, shared) => image[how](args, shared)));
    }, 60_000);
    afterAll(() => demo?.stop());

    test('[AR-image.serves] answers /ping, and MCP calls pass through it under the policy', async () => {
      expect(await curl(`http://${admin}/ping`)).toMatchObject({ status: 200, body: 'OK' });
      const call = (name: string) =>
        callTool(demo.mcpUrl, name, { repoName: 'kubernetes/kubernetes' }, bearer(demo.developerToken));
      const allowed = await call('read_wiki_structure');
      expect(allowed).toMatchObject({ status: 200, body: expect.stringContaining('Control plane') });
      expect((await call('read_wiki_contents')).status).toBe(403);
    });

    test('[TEL-canary] writes down no token, cookie, secret or argument', async () => {
      // Searched apart from the rest of the run, for the name of a tool too: that it is found shows that all is seen.
      const outputs = mkdtempSync(join(tmpdir(), 'portcullis-image-outputs-'));
      vi.stubEnv('TEST_OUTPUTS', outputs);
      try {
        canary('read_wiki_contents');
        const cookie = canary(`canary-cookie-${how}-7d02`, 'cookie');
        const secret = canary(`canary-secret-${how}-b5b5`, 'secret');
        const argument = canary(`canary-argument-${how}-31aa`, 'argument');
        const headers = ['-H', `Cookie: session=${cookie}`, '-H', `X-Api-Key: ${secret}`];
        const call = (name: string, token: string) =>
          callTool(demo.mcpUrl, name, { repoName: argument }, [...bearer(token), ...headers]);
        expect((await call('read_wiki_contents', demo.adminToken)).status).toBe(200);
        expect((await call('read_wiki_contents', demo.developerToken)).status).toBe(403);
        await container.seen(/"POST \/deepwiki-mcp\/mcp HTTP\/1\.1" 403 /);
        await keepMetrics(`http://${admin}`);
      } finally {
        vi.unstubAllEnvs();
      }
      const { canaries, kept, leaks } = searchOutputs(outputs);
      rmSync(outputs, { recursive: true });
      // Claims and signature of both tokens.
      expect(canaries).toEqual({ token: 4, cookie: 1, secret: 2, argument: 1 });
      expect(Math.min(kept.process, kept.metrics)).toBeGreaterThan(500);
      expect(new Set(leaks.map((leak) => leak.canary))).toEqual(new Set(['secret read_wiki_contents']));
    });

    test('[AR-image.user] is nobody in particular, and may do nothing special', () => {
      const status = readFileSync(`/proc/${container.pid()}/status`, 'utf8');
      expect(/^Uid:\s*(.*)$/m.exec(status)?.[1]).toBe('65532\t65532\t65532\t65532');
      expect(/^Gid:\s*(.*)$/m.exec(status)?.[1]).toBe('65532\t65532\t65532\t65532');
      expect(/^CapEff:\s*(.*)$/m.exec(status)?.[1]).toBe('0000000000000000');
    });

    test('[AR-image.health] its health check finds it well', async () => {
      const command = image.config.Healthcheck?.Test ?? [];
      const env = { PORTCULLIS_ENTRYPOINTS_ADMIN_ADDRESS: admin };
      const { code, stdout } = await image.run(command.slice(1), env);
      expect([code, stdout]).toEqual([0, `OK: http://${admin}/ping\n`]);
    });

    test('[AR-image.health] it ends when asked to, and its health check says so', async () => {
      expect(await container.stop()).toBe(0);
      const env = { PORTCULLIS_ENTRYPOINTS_ADMIN_ADDRESS: admin };
      const { code, stderr } = await image.run((image.config.Healthcheck?.Test ?? []).slice(1), env);
      expect(stderr).toContain(`No answer (ECONNREFUSED): http://${admin}/ping`);
      expect(code).toBe(1);
    });
  });

  test('[AR-image.lazy] starts without what only some installations need', async () => {
    const report = `import { registerHooks } from 'node:module';
      import { writeSync } from 'node:fs';
      registerHooks({ load(url, context, next) { writeSync(2, 'LOADED ' + url + '\\n'); return next(url, context); } });`;
    const hook = `data:text/javascript;base64,${Buffer.from(report).toString('base64')}`;
    const { demo, container } = await runInContainer((args, shared) =>
      image.start(args, shared, { NODE_OPTIONS: `--import=${hook}` }),
    );
    await demo.stop();
    const loaded = [...container.output().matchAll(/^LOADED file:\/\/\/app\/(.*)$/gm)].map((match) => match[1] ?? '');
    const packages = new Set(
      loaded.flatMap((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.slice(1, 2) ?? []),
    );
    expect(loaded).toContain('dist/cli/main.js');
    expect([...packages]).toEqual(expect.arrayContaining(['jose', 'yaml', 'zod']));
    expect([...packages].filter((name) => /opentelemetry|kubernetes|grpc|protobuf|ioredis|undici/.test(name))).toEqual(
      [],
    );
  });

  test('[AR-image.config] tells engines the user, the health check and the command', () => {
    expect(image.config).toMatchObject({
      User: '65532:65532',
      Entrypoint: ['/nodejs/bin/node', '/app/bin/portcullis'],
      Cmd: ['run'],
      WorkingDir: '/app',
      Healthcheck: { Test: ['CMD', '/nodejs/bin/node', '/app/bin/portcullis', 'healthcheck'] },
      Labels: { 'org.opencontainers.image.licenses': 'Apache-2.0' },
    });
    expect(Object.keys(image.config.ExposedPorts).sort()).toEqual(['8000/tcp', '8080/tcp', '8443/tcp']);
    expect(image.config.Env).toContain('NODE_ENV=production');
  });

  test('[AR-image.no-shell] has no shell and no package manager', async () => {
    const named = /(^|\/)(sh|bash|dash|ash|zsh|busybox|npm|npx|apt-get|dpkg|env)$/;
    const programs = filesBelow(image.files).filter(
      (path) => !path.startsWith('app/node_modules/') && named.test(path),
    );
    expect(programs).toEqual([]);
    const { code, stderr } = await image.run(['/bin/sh', '-c', 'true']);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/no such file/i);
  });

  test('[AR-image.unchangeable] the gateway owns and may change nothing of what it is made of', () => {
    const all = readdirSync(app, { recursive: true, encoding: 'utf8' }).map((path) => join(app, path));
    const loose = all.filter((path) => {
      const { uid, gid, mode } = lstatSync(path);
      const isLink = (mode & 0o170_000) === 0o120_000;
      return uid !== 0 || gid !== 0 || (!isLink && (mode & 0o022) !== 0) || (mode & 0o6000) !== 0;
    });
    expect(loose).toEqual([]);
  });

  test('[AR-image.contents] holds what runs, and neither sources nor tests', () => {
    expect(readdirSync(app).sort()).toEqual([
      'LICENSE',
      'bin',
      'dist',
      'node_modules',
      'package.json',
      'sbom.cdx.json',
      'schema',
    ]);
    const built = filesBelow(join(app, 'dist'));
    expect(built).toContain('cli/main.js');
    expect(built.filter((path) => !/\.(js|d\.ts)$/.test(path) || /\.test\.|fixture/.test(path))).toEqual([]);
  });

  test('[AR-image.dependencies] brings every dependency in its locked version, and none of development', () => {
    const { packages } = readJson<{ packages: Record<string, LockEntry> }>(root, 'package-lock.json');
    const locked = Object.entries(packages).filter(([path]) => path !== '');
    expect(locked.length).toBeGreaterThan(300);
    const there = locked.filter(([path]) => existsSync(join(app, path, 'package.json')));
    expect(there.filter(([, { dev }]) => dev === true).map(([path]) => path)).toEqual([]);
    const needed = locked.filter(([, { dev, optional, devOptional }]) => !dev && !optional && !devOptional);
    expect(needed.filter((entry) => !there.includes(entry)).map(([path]) => path)).toEqual([]);
    for (const [path, { version }] of there) {
      expect(readJson<{ version: string }>(app, path, 'package.json').version, path).toBe(version);
    }
  });

  test('[AR-image.sbom] carries a bill of materials that names all of them', () => {
    const bill = readJson<{
      bomFormat: string;
      components: readonly { name: string; group?: string; version: string; purl: string }[];
    }>(app, 'sbom.cdx.json');
    expect(bill.bomFormat).toBe('CycloneDX');
    const listed = new Set(bill.components.map(({ name, version }) => `${name}@${version}`));
    const { dependencies } = readJson<Manifest>(root, 'package.json');
    const declared = Object.entries(dependencies).map(([name, version]) => `${name}@${version}`);
    expect(declared.filter((each) => !listed.has(each))).toEqual([]);
    const { packages } = readJson<{ packages: Record<string, LockEntry> }>(root, 'package-lock.json');
    const installed = Object.entries(packages)
      .filter(([path]) => path !== '' && existsSync(join(app, path, 'package.json')))
      .map(([path, { version }]) => `${path.slice(path.lastIndexOf('node_modules/') + 13)}@${version}`);
    expect([...listed].sort()).toEqual([...new Set(installed)].sort());
  });

  test.each([
    [['version'], /^portcullis \d+\.\d+\.\d+ \(Node\.js 26\./],
    [['schema', 'install'], /"\$schema"/],
  ] as const)('[AR-image.commands] carries out %j', async (args, expected) => {
    const { code, stdout } = await image.run([...image.config.Entrypoint, ...args]);
    expect(stdout).toMatch(expected);
    expect(code).toBe(0);
  });
});
