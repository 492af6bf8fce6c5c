import * as z from 'zod';
import { otlp } from './otlp.ts';
import { duration, toggle } from './values.ts';

/** Every field that the JSON access log can have, in the order they are written. */
export const accessLogFields = [
  'StartUTC',
  'StartLocal',
  'Duration',
  'RequestContentSize',
  'RequestCount',
  'OriginDuration',
  'DownstreamContentSize',
  'Overhead',
  'RequestId',
  'McpRequestId',
  'DecisionId',
  'TraceId',
  'SpanId',
  'McpSession',
  'RouterName',
  'ServiceName',
  'ServiceURL',
  'ServiceAddr',
  'ClientAddr',
  'ClientHost',
  'ClientUsername',
  'RequestAddr',
  'RequestHost',
  'RequestPort',
  'RequestMethod',
  'RequestPath',
  'RequestProtocol',
  'RequestScheme',
  'OriginStatus',
  'DownstreamStatus',
  'RetryAttempts',
  'entryPointName',
  'Generation',
  'ErrorType',
  'McpKind',
  'McpEra',
  'McpMethod',
  'McpTarget',
  'McpProtocolVersion',
  'McpErrorCode',
  'McpToolError',
  'McpHiddenItems',
  'Decision',
  'DecisionReason',
  'DecisionRule',
  'DecisionMiddleware',
] as const;

const mode = z.enum(['keep', 'drop', 'redact']);
const statusHint = 'expected a status or a range such as 404 or 500-599';
const statusRange = z
  .union([z.int(), z.string()], { error: statusHint })
  .transform(String)
  .refine((text) => /^[1-5][0-9]{2}(?:-[1-5][0-9]{2})?$/.test(text), { error: statusHint });

const filters = z.strictObject({
  statusCodes: z.array(statusRange).default([]).describe('Keeps answers with these statuses: `404`, `500-599`.'),
  retryAttempts: z.boolean().default(false).describe('Keeps requests that were retried.'),
  minDuration: duration.prefault('0s').describe('Keeps requests that took at least so long. 0: not a reason to keep.'),
});

const headers = z.strictObject({
  defaultMode: mode.default('drop').describe('What happens to request headers that are not named below.'),
  names: z
    .record(z.string().min(1), mode)
    .default({})
    .describe(
      'Header name → `keep`, `drop` or `redact`. Credentials, cookies and session ids are redacted even under `keep`.',
    ),
});

const fields = z.strictObject({
  defaultMode: mode.default('keep').describe('What happens to fields that are not named below.'),
  names: z
    .partialRecord(z.enum(accessLogFields), mode)
    .default({})
    .describe('Field name → `keep`, `drop` or `redact`.'),
  headers: headers.prefault({}).describe('Request headers, written as `request_<Name>`.'),
});

const section = z.strictObject({
  filePath: z
    .string()
    .min(1)
    .optional()
    .describe('File to write to instead of standard output. SIGUSR1 opens it again after rotation.'),
  otlp: otlp
    .optional()
    .describe('Sends the lines as OpenTelemetry logs, in place of writing them. `true`: to this machine over HTTP.'),
  dualOutput: z
    .boolean()
    .default(false)
    .describe('With `otlp`: writes the lines to `filePath` or standard output as well.'),
  format: z
    .enum(['common', 'genericCLF', 'json'])
    .default('common')
    .describe(
      '`common`: the Common Log Format with router, server and duration; `genericCLF`: without them; `json`: every field.',
    ),
  bufferingSize: z
    .int()
    .min(0)
    .default(0)
    .describe('Lines held back so that several are written at once. 0: each at once.'),
  filters: filters.prefault({}).describe('Keeps only lines that meet at least one of these. Without any: all.'),
  fields: fields
    .prefault({})
    .describe('Which fields are written, and how. Used by the `json` format; a dropped field is `-` in the others.'),
});

export const accessLog = toggle(section);
