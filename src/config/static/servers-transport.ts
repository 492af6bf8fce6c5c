import * as z from 'zod';
import { duration } from './values.ts';

const forwardingTimeouts = z.strictObject({
  dialTimeout: duration.prefault('30s').describe('Most time for a connection to be made. 0: no limit.'),
  responseHeaderTimeout: duration
    .prefault('0s')
    .describe('Most time for the head of an answer to arrive after the request was sent. 0: no limit.'),
  idleConnTimeout: duration.prefault('90s').describe('Time after which an unused connection is closed. 0: no limit.'),
});

export const serversTransport = z.strictObject({
  insecureSkipVerify: z
    .boolean()
    .default(false)
    .describe('Accepts any certificate from upstream servers. For tests only.'),
  rootCAs: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Authorities whose certificates upstream servers may show, beside the well-known ones: PEM files, or PEM texts.',
    ),
  maxIdleConnsPerHost: z.int().min(0).default(200).describe('Most unused connections kept open per upstream server.'),
  forwardingTimeouts: forwardingTimeouts.prefault({}).describe('Limits on how long an upstream server may take.'),
});
