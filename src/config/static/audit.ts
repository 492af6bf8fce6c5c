import * as z from 'zod';
import { otlp } from './otlp.ts';
import { duration, toggle } from './values.ts';

const section = z.strictObject({
  filePath: z
    .string()
    .min(1)
    .optional()
    .describe('File with one JSON record per line. SIGUSR1 opens it again after rotation.'),
  otlp: otlp.optional().describe('Sends the records as OpenTelemetry logs as well, or instead.'),
  strict: z
    .boolean()
    .default(false)
    .describe(
      'Calls wait until their record is in `filePath`, and are refused (503) when it cannot be written. Else no call waits, and records that find no room are dropped and counted.',
    ),
  sync: z
    .boolean()
    .default(false)
    .describe('Waits for the disk itself (fdatasync), not only for the operating system.'),
  arguments: z
    .boolean()
    .default(false)
    .describe('Records the values of arguments that policies read. Without it only that they were read.'),
  signingKeyFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Ed25519 private key (PEM) that signs checkpoints. Default: a new key at each start, whose public half is logged.',
    ),
  checkpointInterval: duration.prefault('10s').describe('Time after which new records get a signed checkpoint.'),
});

export const audit = toggle(section);
