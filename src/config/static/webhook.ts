import * as z from 'zod';
import { listenAddress } from './values.ts';

export const webhook = z.strictObject({
  address: listenAddress.default(':9443').describe('Where the webhook listens, over TLS.'),
  certFile: z.string().min(1).describe('File with the certificate that the API server is told to trust, PEM.'),
  keyFile: z.string().min(1).describe('File with the key of that certificate, PEM.'),
});
