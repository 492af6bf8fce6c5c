import * as z from 'zod';
import { transportOptions } from './load-balancing.ts';
import { envelope, reference, traefikVersions, unsupported } from './manifest.ts';

export const serversTransport = z.strictObject({
  ...envelope(traefikVersions, 'ServersTransport'),
  spec: z
    .strictObject({
      ...transportOptions,
      rootCAs: z
        .array(
          z
            .strictObject({
              secret: reference.optional().describe('Secret with `tls.ca` or `ca.crt`.'),
              configMap: reference.optional().describe('ConfigMap with `ca.crt`.'),
            })
            .refine(({ secret, configMap }) => (secret === undefined) !== (configMap === undefined), {
              error: 'must have exactly one of `secret` and `configMap`',
            }),
        )
        .default([])
        .describe('Authorities that may have signed the certificates of servers. Empty: the well-known ones.'),
      rootCAsSecrets: z.array(reference).default([]).describe('Old form of `rootCAs`: names of Secrets.'),
      certificatesSecrets: z.array(reference).default([]).describe('Secrets with certificates to show to servers.'),
      peerCertURI: unsupported('refused', 'Checking the URI of a server certificate is not offered.'),
      peerCertSANs: unsupported(
        'refused',
        'Checking further names of a server certificate is not offered: use `serverName`.',
      ),
      spiffe: unsupported('refused', 'SPIFFE is not offered.'),
    })
    .describe('How to speak to servers.'),
});
