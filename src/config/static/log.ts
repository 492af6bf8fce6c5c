import * as z from 'zod';
import { otlp } from './otlp.ts';

export const log = z.strictObject({
  level: z
    .enum(['DEBUG', 'INFO', 'WARN', 'ERROR'])
    .default('INFO')
    .describe('Lines of this level and above are written.'),
  format: z.enum(['common', 'json']).default('common').describe('`common` for people, `json` for programs.'),
  filePath: z
    .string()
    .min(1)
    .optional()
    .describe('File to write to instead of standard output. SIGUSR1 opens it again after rotation.'),
  otlp: otlp.optional().describe('Sends the lines as OpenTelemetry logs as well. `true`: to this machine over HTTP.'),
  noColor: z.boolean().default(false).describe('No colours on a terminal either.'),
});
