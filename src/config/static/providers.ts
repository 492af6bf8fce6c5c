import * as z from 'zod';
import { duration } from './values.ts';

const file = z
  .strictObject({
    filename: z.string().min(1).optional().describe('One file with routing objects. Either this or `directory`.'),
    directory: z
      .string()
      .min(1)
      .optional()
      .describe('A folder with routing objects: `.yaml`, `.yml` and `.json`, sub-folders included.'),
    watch: z.boolean().default(true).describe('Takes changes over while running.'),
  })
  .refine((value) => (value.filename === undefined) !== (value.directory === undefined), {
    error: 'needs either `filename` or `directory`, and not both',
  });

export const providers = z.strictObject({
  file: file
    .optional()
    .describe('Routing objects from files: Kubernetes manifests, and the sections `http` and `tls` of Traefik files.'),
  providersThrottleDuration: duration
    .prefault('2s')
    .describe('Least time between two configuration changes taken over; changes in between are taken over together.'),
});
