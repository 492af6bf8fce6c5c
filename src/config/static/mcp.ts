import * as z from 'zod';
import { byteCount } from './values.ts';

export const mcp = z.strictObject({
  maxRequestBodySize: byteCount
    .min(1)
    .default(1_048_576)
    .describe(
      'Most bytes of a request body that the gateway reads (413 beyond). `hub.mcpgateway.maxRequestBodySize` is the same option.',
    ),
  sessionKey: z
    .string()
    .min(32, { error: 'a session key needs at least 32 characters' })
    .optional()
    .meta({ secret: true })
    .describe(
      'Key under which the session ids that clients see are sealed: the same on every replica. Absent: a new one at each start.',
    ),
  sessionKeyFile: z.string().min(1).optional().describe('File that holds the session key instead.'),
});
