import * as z from 'zod';
import { envelope, traefikVersions } from './manifest.ts';

/** Options stay as written: each middleware decodes its own. */
export const middleware = z.strictObject({
  ...envelope(traefikVersions, 'Middleware'),
  spec: z
    .record(z.string(), z.unknown())
    .describe('One key, the type, over the options: `stripPrefix: {…}`, or `plugin: {jwt: {…}}`.'),
});
