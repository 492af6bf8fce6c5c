import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { version } from '../admin/version.ts';
import type { StaticConfiguration } from '../config/static/schema.ts';
import { PortcullisError } from '../errors.ts';
import { type AppendFile, openAppendFile } from '../telemetry/append-file.ts';
import { AuditTrail, type AuditTrailOptions } from '../telemetry/audit/audit-trail.ts';
import { AuditChain } from '../telemetry/audit/chain.ts';
import type { Logger } from '../telemetry/log.ts';

/** What the account of decisions needs from its surroundings. */
export interface AuditSurroundings extends Pick<AuditTrailOptions, 'copy' | 'recorded' | 'dropped'> {
  readonly log: Logger;
}

/**
 * Opens the account of decisions; undefined when none is kept.
 *
 * @throws PortcullisError when the file cannot be written or the key cannot be read.
 */
export async function openAudit(
  { audit }: StaticConfiguration,
  { log, ...options }: AuditSurroundings,
): Promise<AuditTrail | undefined> {
  if (audit === undefined) return undefined;
  const chain = new AuditChain(await signingKey(audit.signingKeyFile));
  let outlet: AppendFile | undefined;
  try {
    outlet =
      audit.filePath === undefined
        ? undefined
        : openAppendFile(audit.filePath, { sync: audit.sync, prompt: true, mode: 0o600 });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PortcullisError('CONFIG_INVALID_VALUE', `audit.filePath: ${audit.filePath} cannot be written: ${why}`, {
      cause,
    });
  }
  log.info('audit checkpoints are signed', { chain: chain.name, publicKey: chain.publicKey });
  return new AuditTrail({
    ...options,
    chain,
    outlet,
    strict: audit.strict,
    arguments: audit.arguments,
    checkpointInterval: audit.checkpointInterval,
    version,
    failing: (error) =>
      error === undefined
        ? log.info('audit records are written again')
        : log.error('audit records cannot be written', { error: error.message, strict: audit.strict }),
  });
}

async function signingKey(file: string | undefined) {
  if (file === undefined) return undefined;
  try {
    const key = createPrivateKey(await readFile(file, 'utf8'));
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw new PortcullisError('CONFIG_UNREADABLE', `audit.signingKeyFile: ${file} holds no private key in PEM`, {
      cause,
    });
  }
  throw new PortcullisError('CONFIG_INVALID_VALUE', `audit.signingKeyFile: ${file} holds no Ed25519 key`);
}
