import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keepMetrics } from '../support/keep-metrics.ts';
import { registerConfigured } from '../support/registered-secrets.ts';

/** File name (folders allowed) → content. */
export type Files = Readonly<Record<string, string>>;

export type TestGatewayOptions = {
  /** The configuration folder. Files may be added, changed and removed later by `reload`. */
  readonly files: Files;
  /** More command line, for instance `--resolve=mcp.deepwiki.com:443=127.0.0.1:9443`. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

/** One line of the gateway's JSON log. */
export type LogLine = { readonly level: string; readonly message: string } & Readonly<Record<string, unknown>>;

export type TestGateway = {
  readonly webUrl: string;
  readonly websecureUrl: string;
  readonly adminUrl: string;
  /** The folder that is being watched. */
  readonly folder: string;
  readonly pid: number;
  /** Everything written so far to standard output and standard error. */
  readonly log: () => string;
  readonly lines: () => readonly LogLine[];
  /** Waits for a log line, looking also at those already written from position `from` on. */
  readonly waitForLine: (matches: (line: LogLine) => boolean, from?: number) => Promise<LogLine>;
  /** Replaces files as an editor would, and resolves when the gateway says what became of the change. */
  readonly reload: (files: Files) => Promise<LogLine>;
  readonly stop: () => Promise<number | null>;
};

const root = fileURLToPath(new URL('../../', import.meta.url));
const entryPoints = ['web', 'websecure', 'admin'] as const;
const patienceMs = 20_000;
/** Longer than any gateway of a test may drain. */
const stopPatienceMs = 60_000;

/**
 * Starts `bin/portcullis run FOLDER` as a process of its own, on free loopback ports, and waits until every entrypoint
 * listens and the first configuration is in use.
 */
export async function startTestGateway({ files, flags = [], env = {} }: TestGatewayOptions): Promise<TestGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-test-'));
  write(folder, files);
  const child = spawn(
    process.execPath,
    [
      join(root, 'bin', 'portcullis'),
      'run',
      folder,
      ...entryPoints
        .map((name) => `--entryPoints.${name}.address=`)
        .filter((flag) => !flags.some((given) => given.startsWith(flag)))
        .map((flag) => `${flag}127.0.0.1:0`),
      '--log.format=json',
      '--log.level=DEBUG',
      ...flags,
    ],
    { env: { PATH: process.env['PATH'] ?? '', ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const output = collectOutput(child);
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const stop = async () => {
    if (child.exitCode === null) {
      const admin = output
        .lines()
        .find((line) => line.message === 'entrypoint listening' && line['entryPoint'] === 'admin');
      if (admin !== undefined) await keepMetrics(`http://${admin['address']}`);
      child.kill('SIGTERM');
    }
    // One that does not end would only be seen as a test that took too long.
    const late = setTimeout(() => {
      console.error(`the gateway did not end within ${stopPatienceMs} ms:\n${output.text().slice(-4_000)}`);
    }, stopPatienceMs);
    const code = await exited;
    clearTimeout(late);
    rmSync(folder, { recursive: true, force: true });
    return code;
  };
  const waitForLine = (matches: (line: LogLine) => boolean, from = 0) =>
    until(() => {
      const found = output.lines().slice(from).find(matches);
      if (found === undefined && child.exitCode !== null)
        throw new Error(`the gateway exited (${child.exitCode}):\n${output.text()}`);
      return found;
    }, output.text);

  try {
    const [web, websecure, admin] = await Promise.all(
      entryPoints.map((name) =>
        waitForLine((line) => line.message === 'entrypoint listening' && line['entryPoint'] === name),
      ),
    );
    await waitForLine(isTakenUp);
    return {
      webUrl: `http://${web?.['address']}`,
      websecureUrl: `https://${websecure?.['address']}`,
      adminUrl: `http://${admin?.['address']}`,
      folder,
      pid: child.pid ?? 0,
      log: output.text,
      lines: output.lines,
      waitForLine,
      reload: async (changed) => {
        const from = output.lines().length;
        write(folder, changed);
        return await waitForLine(isTakenUp, from);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const isTakenUp = (line: LogLine) =>
  line.message === 'configuration loaded' || line.message.startsWith('the change was refused');

/** Writes beside and renames, so that a watcher never sees half a file. */
function write(folder: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    registerConfigured(content);
    writeFileSync(`${path}.tmp`, content);
    renameSync(`${path}.tmp`, path);
  }
}

function collectOutput(child: ChildProcess) {
  let text = '';
  let parsed = 0;
  const lines: LogLine[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8');
    stream?.on('data', (chunk: string) => {
      text += chunk;
    });
  }
  return {
    text: () => text,
    lines: (): readonly LogLine[] => {
      const end = text.lastIndexOf('\n') + 1;
      for (const line of text.slice(parsed, end).split('\n')) {
        if (line.startsWith('{')) lines.push(JSON.parse(line) as LogLine);
      }
      parsed = end;
      return lines;
    },
  };
}

/** Asks again every few milliseconds until there is an answer. */
async function until<T>(ask: () => T | undefined, explain: () => string): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const answer = ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline)
      throw new Error(`waited ${patienceMs} ms in vain; the gateway wrote:\n${explain()}`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}
