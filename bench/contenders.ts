import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BenchFiles, upstreamPort } from './setup.ts';

const root = join(import.meta.dirname, '..');

/** Command line of nginx as a plain proxy on a port. */
export function nginxCommand(files: BenchFiles, port: number): readonly [string, readonly string[]] {
  const path = join(files.folder, `nginx-${port}.conf`);
  writeFileSync(path, readFileSync(files.nginx, 'utf8').replace('PORT', String(port)));
  return ['nginx', ['-c', path, '-p', files.folder]];
}

/** Command line of a gateway that serves a folder of routes on a port. */
export function gatewayCommand(
  folder: string,
  port: number,
  flags: readonly string[] = [],
): readonly [string, readonly string[]] {
  const addresses = [`web.address=127.0.0.1:${port}`, 'admin.address=127.0.0.1:0'].map((one) => `--entryPoints.${one}`);
  return [process.execPath, [join(root, 'bin/portcullis'), 'run', folder, ...addresses, '--log.level=ERROR', ...flags]];
}

/** Command line of the bare proxy on a port. */
export function bareCommand(port: number): readonly [string, readonly string[]] {
  return [process.execPath, [join(import.meta.dirname, 'bare-proxy.ts'), String(port), String(upstreamPort)]];
}
