import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** False on machines without a browser; tests that need one then say that they were left out. */
export const hasChromium = existsSync(executablePath);

/** A headless browser with a profile of its own that talks to nobody but the page. */
export function launchChromium(args: readonly string[] = []): Promise<Browser> {
  const quiet = ['--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', ...quiet, ...args],
  });
}

/** Where pictures for people go; not under version control. */
export function artifactPath(name: string): string {
  const folder = fileURLToPath(new URL('../../test-artifacts/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  return `${folder}${name}`;
}
