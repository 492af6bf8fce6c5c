import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Finished, run } from '../peers/child.ts';

export const root = join(import.meta.dirname, '..', '..');

/** What a container engine reads in the image. */
export interface ImageConfig {
  readonly User: string;
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly Env: readonly string[];
  readonly WorkingDir: string;
  readonly ExposedPorts: Readonly<Record<string, unknown>>;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Healthcheck?: { readonly Test: readonly string[] };
}

/** A container of the image, in a store of its own. */
export interface BuiltImage {
  readonly config: ImageConfig;
  /** Folder that holds the container's files. */
  readonly files: string;
  /** Runs a command in the container to its end. */
  run(command: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished>;
  /** Starts the image's entrypoint through the engine. `shared` is a folder that it sees, read-only, at the same place. */
  start(args: readonly string[], shared: string, env?: Readonly<Record<string, string>>): RunningContainer;
  /** Starts it as a cluster does: nothing can be written, and no privilege can be gained. */
  startReadOnly(args: readonly string[], shared: string): RunningContainer;
  remove(): Promise<void>;
}

export interface RunningContainer {
  /** What the gateway wrote so far, both streams. */
  output(): string;
  /** Resolves with the first match in the output; rejects when the container ends or nothing comes for 30 s. */
  seen(pattern: RegExp): Promise<RegExpExecArray>;
  /** Process of the gateway, as seen from this machine. */
  pid(): number;
  /** Asks it to end, and resolves with its exit code. */
  stop(): Promise<number | null>;
}

/** Why images cannot be built here; undefined when they can. */
export function reasonNotToBuild(): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root: buildah changes owners and roots of files';
  const missing = ['buildah', 'unshare', 'chroot', 'setpriv', 'npm'].filter(
    (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0,
  );
  return missing.length === 0
    ? undefined
    : `${missing.join(', ')} missing: scripts/install-test-tools.sh installs them`;
}

/** Builds the Dockerfile on bases made of this machine's files, in a folder that `remove` removes. */
export async function buildImage(): Promise<BuiltImage> {
  const cache = join(root, '.cache');
  mkdirSync(cache, { recursive: true });
  const storage = mkdtempSync(join(cache, 'image-test-'));
  const store = ['--root', join(storage, 'root'), '--runroot', join(storage, 'run'), '--storage-driver', 'vfs'];
  const home = { HOME: process.env['HOME'] ?? '/root' };
  const buildah = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run('buildah', [...store, ...args], home);
    if (code !== 0) throw new Error(`buildah ${args.join(' ')} ended with ${code}: ${stderr}`);
    return stdout.trim();
  };
  const remove = async (): Promise<void> => {
    await buildah('rm', '--all').catch(() => '');
    // What is mounted below would be removed with it, and may be a folder of this machine.
    if (readFileSync('/proc/self/mountinfo', 'utf8').includes(storage))
      throw new Error(`still mounted below ${storage}`);
    rmSync(storage, { recursive: true, force: true });
  };
  try {
    const built = await run(join(root, 'scripts', 'build-image.sh'), ['--stand-in', '--storage', storage], home);
    if (built.code !== 0) throw new Error(`the build ended with ${built.code}:\n${built.stdout}${built.stderr}`);
    const { Docker } = JSON.parse(await buildah('inspect', '--type', 'image', 'portcullis')) as {
      Docker: { config: ImageConfig };
    };
    const { config } = Docker;
    const container = await buildah('from', '--pull-never', 'portcullis');
    const files = await buildah('mount', container);
    const inContainer = (options: readonly string[], env: Readonly<Record<string, string>>) => [
      ...store,
      'run',
      '--isolation',
      'chroot',
      ...options,
      ...Object.entries(env).map(([name, value]) => `--env=${name}=${value}`),
      container,
      '--',
    ];
    return {
      config,
      files,
      remove,
      run: (command, env = {}) => run('buildah', [...inContainer([], env), ...command], home),
      start: (args, shared, env = {}) =>
        watch(
          spawn(
            'buildah',
            [...inContainer([`--volume=${shared}:${shared}:ro`], env), ...config.Entrypoint, 'run', ...args],
            { stdio: ['ignore', 'pipe', 'pipe'] },
          ),
          config,
        ),
      startReadOnly(args, shared) {
        mkdirSync(join(files, shared), { recursive: true });
        const command = [...config.Entrypoint, 'run', ...args];
        return watch(
          spawn(
            'env',
            [
              '-i',
              `PATH=${process.env['PATH']}`,
              ...config.Env.filter((each) => !each.startsWith('PATH=')),
              'unshare',
              '--mount',
              'sh',
              '-c',
              lockDown,
              files,
              shared,
              ...command,
            ],
            { stdio: ['ignore', 'pipe', 'pipe'] },
          ),
          config,
        );
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Makes `$0` the root of all files, read-only, with folder `$1` in it, and becomes the rest of the arguments. */
const lockDown = `set -e
root=$0 shared=$1; shift
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc -o ro proc "$root/proc"
mount --bind "$shared" "$root$shared"
mount -o remount,bind,ro "$root$shared"
cd /
exec setpriv --no-new-privs chroot --userspec=65532:65532 --groups=65532 "$root" "$@"`;

function watch(child: ChildProcess, { Entrypoint }: ImageConfig): RunningContainer {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const pid = (): number => {
    const found = descendants(child.pid ?? 0).find((each) => commandOf(each).startsWith(Entrypoint.join('\0')));
    if (found === undefined) throw new Error(`the gateway does not run:\n${text}`);
    return found;
  };
  return {
    output: () => text,
    pid,
    async seen(pattern) {
      for (const begun = performance.now(); performance.now() - begun < 30_000; await sleep(20)) {
        const match = pattern.exec(text);
        if (match !== null) return match;
        if (over) break;
      }
      throw new Error(`${pattern} was not written:\n${text}`);
    },
    async stop() {
      if (!over) process.kill(pid(), 'SIGTERM');
      return await ended;
    },
  };
}

/** A process and all below it. */
function descendants(pid: number): readonly number[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), parent: parentOf(name) }));
  const below = (parent: number): readonly number[] => [
    parent,
    ...all.filter((each) => each.parent === parent).flatMap((each) => below(each.pid)),
  ];
  return below(pid);
}

function parentOf(pid: string): number {
  return Number(/^PPid:\s*(\d+)/m.exec(readIfThere(`/proc/${pid}/status`))?.[1] ?? 0);
}

const commandOf = (pid: number): string => readIfThere(`/proc/${pid}/cmdline`);

/** Processes end while one looks at them. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** All files below a folder, as paths relative to it. Links are not followed. */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/** Folder above a manifest folder that everyone may read: engines run the gateway as a user of its own. */
export const sharedFolderOf = (manifests: string): string => dirname(manifests);
