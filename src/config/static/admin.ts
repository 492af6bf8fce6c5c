import * as z from 'zod';
import { toggle } from './values.ts';

export const api = toggle(
  z.strictObject({
    entryPoint: z
      .string()
      .default('admin')
      .describe(
        'Entrypoint that serves the API. When an entrypoint `traefik` is configured and no `admin`, that one is the default.',
      ),
    insecure: z
      .boolean()
      .default(false)
      .describe('Serves the API without authentication although its entrypoint can be reached from other machines.'),
    dashboard: z
      .boolean()
      .default(false)
      .describe('Accepted for compatibility: there is no dashboard yet, and `true` is told as a warning.'),
    basePath: z
      .string()
      .regex(/^\/(?:.*[^/])?$/, { error: 'expected a path that begins with / and does not end with one' })
      .default('/')
      .describe('Path below which the API is served.'),
  }),
);

export const ping = toggle(
  z.strictObject({
    entryPoint: z
      .string()
      .default('admin')
      .describe('Entrypoint that serves `/ping`. The default is found as for `api.entryPoint`.'),
    terminatingStatusCode: z.int().min(200).max(599).default(503).describe('Status of `/ping` while shutting down.'),
    manualRouting: z
      .boolean()
      .default(false)
      .describe('Serves `/ping` only through routers to the service `ping@internal`.'),
  }),
);
