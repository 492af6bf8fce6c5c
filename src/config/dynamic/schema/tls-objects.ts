import * as z from 'zod';
import { clientAuthType, tlsOptions } from './load-balancing.ts';
import { envelope, reference, traefikVersions, unsupported } from './manifest.ts';

export const tlsOption = z.strictObject({
  ...envelope(traefikVersions, 'TLSOption'),
  spec: z
    .strictObject({
      ...tlsOptions,
      clientAuth: z
        .strictObject({
          secretNames: z
            .array(reference)
            .default([])
            .describe('Secrets with `tls.ca` or `ca.crt`: who may have signed certificates of clients.'),
          clientAuthType,
        })
        .optional()
        .describe('Certificates of clients.'),
    })
    .default(() => z.strictObject(tlsOptions).parse({}))
    .describe('How TLS is spoken with clients. The object called `default` holds for all.'),
});

const certificate = z.strictObject({ secretName: reference.describe('Secret with `tls.crt` and `tls.key`.') });

export const tlsStore = z.strictObject({
  ...envelope(traefikVersions, 'TLSStore'),
  spec: z
    .strictObject({
      certificates: z.array(certificate).default([]).describe('Further certificates.'),
      defaultCertificate: certificate.optional().describe('Certificate for hosts that no other fits.'),
      defaultGeneratedCert: unsupported('ignored', 'Certificates are not fetched automatically: refer to a Secret.'),
    })
    .describe('Certificates. Only the store called `default` is used.'),
});
