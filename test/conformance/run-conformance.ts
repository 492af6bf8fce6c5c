import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What one check of one scenario said, free of times, ports and ids. */
export type Verdict = {
  readonly scenario: string;
  readonly check: string;
  readonly status: string;
  readonly message: string;
};

export type ConformanceRun = {
  /** 0 when every scored scenario passed. */
  readonly exitCode: number | null;
  readonly passed: number;
  readonly failed: number;
  /** Scenarios that count for the requirement set, with their number of failed checks. */
  readonly scored: readonly { readonly scenario: string; readonly failed: number }[];
  readonly verdicts: readonly Verdict[];
  readonly output: string;
};

const command = fileURLToPath(
  new URL('../../node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url),
);

const clientUnderSuite = fileURLToPath(new URL('./client-under-suite.ts', import.meta.url));

/** Runs one frozen requirement set of the official suite against a server and reads its verdicts. */
export async function runConformance(url: string, requirements: string): Promise<ConformanceRun> {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-conformance-'));
  try {
    const { exitCode, output } = await run(['server', '--url', url, '--requirements', requirements, '-o', folder]);
    const [, passed, failed] = /Total: (\d+) passed, (\d+) failed/.exec(output) ?? [];
    if (passed === undefined) throw new Error(`the suite printed no total:\n${output}`);
    const unscored = new Set([...output.matchAll(/^ {2}[✓✗] (\S+) \(/gmu)].map(([, name]) => name));
    const scored = [...output.matchAll(/^[✓✗] (\S+): \d+ passed, (\d+) failed/gmu)]
      .map(([, scenario = '', count]) => ({ scenario, failed: Number(count) }))
      .filter(({ scenario }) => !unscored.has(scenario));
    return {
      exitCode,
      passed: Number(passed),
      failed: Number(failed),
      scored,
      verdicts: await readVerdicts(folder),
      output,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Runs one scenario of the suite's client leg: the suite is the server, our client connects straight or through a
 * gateway.
 */
export async function runClientScenario(
  scenario: string,
  revision: string,
  through: boolean,
): Promise<readonly Verdict[]> {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-conformance-'));
  try {
    const client = [process.execPath, clientUnderSuite, ...(through ? ['--through'] : [])].join(' ');
    await run(['client', '--command', client, '--scenario', scenario, '--spec-version', revision, '-o', folder]);
    return await readVerdicts(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(args: readonly string[]): Promise<{ exitCode: number | null; output: string }> {
  const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      output += chunk;
    });
  }
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { exitCode, output };
}

type Check = { readonly id: string; readonly name: string; readonly status: string; readonly errorMessage?: string };

async function readVerdicts(folder: string): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const scenario = name.replace(/^server-/, '').replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '');
    const checks = JSON.parse(await readFile(join(folder, name, 'checks.json'), 'utf8')) as readonly Check[];
    for (const { id, name: title, status, errorMessage = '' } of checks) {
      verdicts.push({ scenario, check: `${id} ${title}`, status, message: withoutAccidents(errorMessage) });
    }
  }
  return verdicts;
}

function withoutAccidents(message: string): string {
  return message.replaceAll(/127\.0\.0\.1:\d+/g, 'HOST').replaceAll(/\b\d+ ?ms\b/g, 'N ms');
}
