import * as z from 'zod';
import { failoverErrors, maxBodySize, mirrorBody, percent, sticky } from './load-balancing.ts';
import { envelope, traefikVersions } from './manifest.ts';
import { serviceReference, serviceReferenceFields } from './service-reference.ts';

const services = z.array(serviceReference).min(1, { error: 'needs at least one service' });

export const traefikService = z.strictObject({
  ...envelope(traefikVersions, 'TraefikService'),
  spec: z
    .strictObject({
      weighted: z
        .strictObject({
          services: services.describe('The services that share the requests by weight.'),
          sticky: sticky.optional().describe('Ties clients to services.'),
        })
        .optional()
        .describe('Weighted round robin over services.'),
      mirroring: z
        .strictObject({
          ...serviceReferenceFields,
          mirrors: z
            .array(z.strictObject({ ...serviceReferenceFields, percent }))
            .default([])
            .describe('Services that get a copy; their answers are thrown away.'),
          mirrorBody,
          maxBodySize,
        })
        .optional()
        .describe('Sends copies of requests to other services.'),
      highestRandomWeight: z
        .strictObject({ services: services.describe('The services to choose from.') })
        .optional()
        .describe('Chooses by a hash of the session or the caller, so that the same goes to the same.'),
      failover: z
        .strictObject({
          service: serviceReference.describe('The service that normally answers.'),
          fallback: serviceReference.describe('The service that answers when the other is down.'),
          errors: failoverErrors.optional().describe('Statuses that count as down.'),
        })
        .optional()
        .describe('A second service for when the first is down.'),
    })
    .refine((spec) => Object.values(spec).filter((part) => part !== undefined).length === 1, {
      error: 'must have exactly one of `weighted`, `mirroring`, `highestRandomWeight` and `failover`',
    })
    .describe('How services are put together.'),
});
export type TraefikService = z.output<typeof traefikService>;
