import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments, stringify } from 'yaml';

const root = join(import.meta.dirname, '../..');

/** The chart's folder. */
export const chart: string = join(root, 'deploy/helm/portcullis');

/** A Kubernetes object as rendered. */
export interface RenderedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [key: string]: unknown;
}

/** Helm's binaries by major version; the script fetches them once. */
export function helmBinaries(): ReadonlyMap<string, string> {
  const folder =
    execFileSync(join(root, 'scripts/install-helm.sh'), { encoding: 'utf8' }).trim().split('\n').at(-1) ?? '';
  const found = ['helm3', 'helm4'].map((name) => [name, join(folder, name)] as const);
  return new Map(found.filter(([, path]) => existsSync(path)));
}

export type Values = Readonly<Record<string, unknown>>;

/** Runs `helm template`; rejects with Helm's own words. */
export async function renderChart(helm: string, values: Values, more: readonly string[] = []): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-helm-'));
  try {
    writeFileSync(join(folder, 'values.yaml'), stringify(values));
    const args = [
      'template',
      'gateway',
      chart,
      '--namespace',
      'traefik',
      '--values',
      join(folder, 'values.yaml'),
      '--kube-version',
      '1.34',
      ...more,
    ];
    const { stdout } = await promisify(execFile)(helm, args, {
      env: { PATH: process.env['PATH'] ?? '', HOME: folder },
      maxBuffer: 16 * 1024 * 1024,
    });
    return stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The objects in a rendering. Throws when one of its documents is no YAML. */
export function readObjects(rendering: string): RenderedObject[] {
  return parseAllDocuments(rendering).flatMap((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    const value: unknown = document.toJS();
    return value === null || value === undefined ? [] : [value as RenderedObject];
  });
}
