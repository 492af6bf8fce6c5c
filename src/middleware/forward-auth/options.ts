import * as z from 'zod';
import { unsupported } from '../../config/dynamic/schema/manifest.ts';

/** Options of `forwardAuth`, with Traefik's names. */
export const forwardAuthOptions = z
  .strictObject({
    address: z.url({ protocol: /^https?$/ }).describe('URL of the authentication server.'),
    trustForwardHeader: z
      .boolean()
      .optional()
      .describe('Passes on the X-Forwarded- headers of the request instead of writing them anew. false when absent.'),
    authResponseHeaders: z
      .array(z.string())
      .optional()
      .describe('Headers of the server’s answer that replace those of the request.'),
    authResponseHeadersRegex: z
      .string()
      .optional()
      .describe('Headers of the server’s answer whose names match replace those of the request.'),
    authRequestHeaders: z
      .array(z.string())
      .optional()
      .describe('Headers of the request that the server gets. All of them when absent or empty.'),
    addAuthCookiesToResponse: z
      .array(z.string())
      .optional()
      .describe('Cookies that the server sets and the client gets with the reply.'),
    forwardBody: z.boolean().optional().describe('Whether the server gets the body too. false when absent.'),
    maxBodySize: z
      .int()
      .min(-1)
      .optional()
      .describe(
        'Bytes of a body that the server may get; longer ones are answered 401. -1 is the gateway’s own limit.',
      ),
    maxResponseBodySize: z
      .int()
      .min(-1)
      .optional()
      .describe('Bytes of the server’s answer; longer ones are answered 401. 1 MiB when absent or -1.'),
    headerField: z.string().optional().describe('Header of the server’s answer that names the user.'),
    preserveLocationHeader: z
      .boolean()
      .optional()
      .describe('Passes a relative Location on as it is instead of making it absolute to the server.'),
    preserveRequestMethod: z.boolean().optional().describe('Asks the server with the request’s method instead of GET.'),
    authSigninURL: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Where to send clients whom the server answers 401.'),
    tls: z
      .strictObject({
        ca: z.string().optional().describe('PEM of the trust anchors to use instead of the system’s.'),
        caOptional: unsupported('ignored', 'Servers do not ask it of clients, so it never had an effect.'),
        cert: z.string().optional().describe('PEM of a client certificate.'),
        key: z.string().optional().describe('PEM of the client certificate’s key.'),
        insecureSkipVerify: z
          .boolean()
          .optional()
          .describe('Skips the check of the server’s certificate. For experiments only.'),
      })
      .optional()
      .describe('TLS towards the server. In a cluster, caSecret and certSecret name Secrets that hold these.'),
  })
  .describe('Asks an external server whether a request may pass.');

export type ForwardAuthOptions = z.output<typeof forwardAuthOptions>;
