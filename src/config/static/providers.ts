import * as z from 'zod';
import { duration, toggle } from './values.ts';

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

const kubernetesCRD = toggle(
  z.strictObject({
    endpoint: z
      .string()
      .regex(/^https?:\/\//, { error: 'expected a URL such as https://10.0.0.1:6443' })
      .optional()
      .describe('URL of the API server. Default: the cluster that the gateway runs in, else the kubeconfig.'),
    token: z
      .string()
      .min(1)
      .optional()
      .describe('Bearer token for the API server, or the absolute path of a file that holds it.')
      .meta({ secret: true }),
    certAuthFilePath: z.string().min(1).optional().describe('File with the authority of the API server’s certificate.'),
    namespaces: z.array(z.string().min(1)).default([]).describe('Namespaces to read. Empty: all.'),
    labelSelector: z.string().optional().describe('Reads only routing objects with these labels: `app=a,tier!=b`.'),
    ingressClass: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Reads only routes of this class. Default: routes without one, and those for `traefik` or `portcullis`.',
      ),
    throttleDuration: duration.prefault('0s').describe('Least time between two looks at changed objects.'),
    allowCrossNamespace: z.boolean().default(false).describe('Objects may refer to objects of other namespaces.'),
    allowExternalNameServices: z
      .boolean()
      .default(true)
      .describe(
        'Routes may lead to Services of type ExternalName. Link-local and metadata addresses stay out of reach.',
      ),
    allowEmptyServices: z
      .boolean()
      .default(true)
      .describe('A Service without endpoints is answered with 503. `false`: it is reported as an error, too.'),
    watchIdleTimeout: duration
      .prefault('3m')
      .describe('A watch on which the API server is silent for so long is begun again.'),
  }),
);

export const providers = z.strictObject({
  file: file
    .optional()
    .describe('Routing objects from files: Kubernetes manifests, and the sections `http` and `tls` of Traefik files.'),
  kubernetesCRD: kubernetesCRD
    .optional()
    .describe('Routing objects from the API server of a Kubernetes cluster. `true` takes the defaults.'),
  providersThrottleDuration: duration
    .prefault('2s')
    .describe(
      'Longest time that a configuration change is kept back after another one; changes in between are taken over together.',
    ),
});
