import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../peers/child.ts';
import { filesBelow, root } from './image.ts';

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;

/** What `npm pack` is given: the tracked files it may take, built in a folder of their own. */
const sources = [
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'src',
  'bin',
  'schema',
  'demo',
  'README.md',
  'LICENSE',
];

describe('the published package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-package-'));
  /** A program that depends on the package: it has the package, and what the package declares. */
  const consumer = join(folder, 'consumer');
  const installed = join(consumer, 'node_modules', 'portcullis');
  let packed: readonly string[];

  beforeAll(async () => {
    const checkout = join(folder, 'checkout');
    for (const name of sources) cpSync(join(root, name), join(checkout, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
    const env = { HOME: folder, PATH: `${join(root, 'node_modules', '.bin')}:${process.env['PATH']}` };
    const { code, stdout, stderr } = await run(
      'sh',
      ['-c', `cd "$0" && npm pack --json --foreground-scripts=false --pack-destination "$1"`, checkout, folder],
      env,
    );
    if (code !== 0) throw new Error(`npm pack ended with ${code}:\n${stdout}${stderr}`);
    const archive = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
    mkdirSync(installed, { recursive: true });
    const unpacked = await run('tar', ['-xzf', join(folder, archive), '-C', installed, '--strip-components=1']);
    if (unpacked.code !== 0) throw new Error(unpacked.stderr);
    packed = filesBelow(installed);
    for (const name of [...Object.keys(manifest.dependencies), '@types/node']) {
      const link = join(consumer, 'node_modules', name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(root, 'node_modules', name), link);
    }
    writeFileSync(join(consumer, 'package.json'), '{"type":"module"}');
  }, 180_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const inConsumer = (script: string) =>
    run('sh', ['-c', `cd "$0" && ${script}`, consumer], { NODE: process.execPath });

  test('[AR-package.contents] holds program, code, types, schemas, licence and introduction, and nothing else', () => {
    expect(packed).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'package.json',
        'bin/portcullis',
        'dist/index.js',
        'dist/index.d.ts',
        'dist/policy/index.js',
        'dist/policy/index.d.ts',
        'dist/cli/main.js',
        'schema/install.schema.json',
      ]),
    );
    const expected =
      /^(LICENSE|README\.md|package\.json|bin\/portcullis|dist\/.*\.(js|d\.ts)|schema\/[a-z]+(-[a-z]+)*\.schema\.json)$/;
    expect(packed.filter((path) => !expected.test(path) || /\.test\.|fixture/.test(path))).toEqual([]);
  });

  test('[AR-package.dependencies] every package that the code imports is declared', () => {
    const known = new Set([...builtinModules, ...Object.keys(manifest.dependencies)]);
    const imported = new Map<string, string>();
    for (const path of packed.filter((each) => each.endsWith('.js'))) {
      const code = readFileSync(join(installed, path), 'utf8');
      for (const match of code.matchAll(
        /^(?:import|export)\b[^'"]*?from '([^'.][^']*)'|\bimport\('([^'.][^']*)'\)/gm,
      )) {
        const specifier = match[1] ?? match[2] ?? '';
        if (specifier.startsWith('node:')) continue;
        imported.set(/^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier, path);
      }
    }
    expect([...imported.keys()]).toEqual(expect.arrayContaining(['undici', '@kubernetes/client-node', 'zod']));
    expect([...imported].filter(([name]) => !known.has(name))).toEqual([]);
  });

  test.each([
    ['version', /^portcullis \d+\.\d+\.\d+ \(Node\.js/],
    ['schema install', /"\$schema"/],
    ['--help', /^Portcullis, an MCP gateway/],
    ['check $GUIDE', /^0 errors/],
  ])('[AR-package.program] its program carries out "%s"', async (args, expected) => {
    const script = `GUIDE='${join(root, 'examples', 'guide')}'; "$NODE" node_modules/portcullis/bin/portcullis ${args}`;
    const { code, stdout, stderr } = await inConsumer(script);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(expected);
  });

  test('[AR-package.entries] both entries can be imported, and everything the types promise is there', async () => {
    writeFileSync(
      join(consumer, 'use.mjs'),
      `import * as gateway from 'portcullis';
       import * as policy from 'portcullis/policy';
       console.log(typeof gateway.startGateway, typeof policy.compilePolicySet, typeof policy.Facts);
       await import('portcullis/package.json', { with: { type: 'json' } });
       await import('portcullis/dist/errors.js').then(() => console.log('inside'), (error) => console.log(error.code));`,
    );
    const { code, stdout, stderr } = await inConsumer('"$NODE" use.mjs');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe('function function function\nERR_PACKAGE_PATH_NOT_EXPORTED\n');
  });

  test('[AR-package.types] its types check in the strictest program', async () => {
    writeFileSync(
      join(consumer, 'use.ts'),
      `import { startGateway, type GatewayOptions, type Gateway } from 'portcullis';
       import { compilePolicySet, type PolicyConfig } from 'portcullis/policy';
       export const start: (options: GatewayOptions) => Promise<Gateway> = startGateway;
       export const compile: typeof compilePolicySet = compilePolicySet;
       export const wrong: PolicyConfig[] = 1;`,
    );
    const tsc = join(root, 'node_modules', 'typescript7', 'bin', 'tsc');
    const { stdout } = await inConsumer(
      `"$NODE" ${tsc} --noEmit --strict --exactOptionalPropertyTypes --module nodenext --target es2024 --types node --lib es2024,esnext.collection,esnext.iterator --skipLibCheck use.ts`,
    );
    // One error, the one that was put there: the types are found, and are not "any".
    expect(stdout.trim().split('\n')).toEqual([expect.stringMatching(/^use\.ts\(5,\d+\): error TS2322: /)]);
  });
});
