import * as z from 'zod';
import { otlp, resourceAttributes, serviceName } from './otlp.ts';
import { toggle } from './values.ts';

const headerName = z.string().regex(/^[A-Za-z0-9-]+$/, { error: 'expected the name of a header' });

const section = z.strictObject({
  otlp: otlp.optional().describe('Where spans are sent. Default: HTTP to this machine, or as `OTEL_*` says.'),
  serviceName,
  resourceAttributes,
  sampleRate: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe(
      'Share of the requests that are traced, where the caller has not decided. `OTEL_TRACES_SAMPLER` overrides it.',
    ),
  capturedRequestHeaders: z
    .array(headerName)
    .default([])
    .describe('Request headers that become attributes. Credentials are redacted.'),
  capturedResponseHeaders: z
    .array(headerName)
    .default([])
    .describe('Response headers that become attributes. Credentials are redacted.'),
  safeQueryParams: z
    .array(z.string().min(1))
    .default([])
    .describe('Query parameters that are written to `url.query`; all others are left out. Default: no query at all.'),
  injectMeta: z
    .boolean()
    .default(false)
    .describe(
      'Also writes the context into `params._meta` of MCP requests. The message is then written anew from what was judged.',
    ),
  captureArguments: z
    .boolean()
    .default(false)
    .describe('Adds arguments of operations to spans, sensitive ones redacted. May hold personal data.'),
  captureResults: z
    .boolean()
    .default(false)
    .describe('Adds results of operations to spans, redacted and shortened. May hold personal data.'),
  redactedNames: z
    .array(z.string().min(1))
    .default([])
    .describe('Parts of argument names (in any case) whose values are redacted, besides the usual ones.'),
  maxCapture: z.int().min(16).max(65_536).default(2_048).describe('Most characters of captured arguments or results.'),
  aliases: z
    .boolean()
    .default(false)
    .describe('Adds older attribute names: `mcp.tool.name`, `mcp.request.id`, `mcp.request.argument.*`.'),
});

export const tracing = toggle(section);
