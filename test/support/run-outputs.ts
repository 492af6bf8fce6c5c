import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes the folder where a run collects what gateways write; the reporter searches it at the end. */
export function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-outputs-'));
  process.env['TEST_OUTPUTS'] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
