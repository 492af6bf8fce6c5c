import * as z from 'zod';
import { durationOption } from '../../config/duration.ts';

const oneOrMore = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (Array.isArray(value) ? value : [value]));

const clientConfig = z
  .strictObject({
    tls: z
      .strictObject({
        ca: z.string().optional().describe('PEM of the trust anchors to use instead of the system’s.'),
        cert: z.string().optional().describe('PEM of a client certificate.'),
        key: z.string().optional().describe('PEM of the client certificate’s key.'),
        insecureSkipVerify: z
          .boolean()
          .optional()
          .describe('Skips the check of the server’s certificate. For experiments only.'),
      })
      .optional()
      .describe('TLS towards the key set’s server.'),
    timeoutSeconds: z
      .number()
      .positive()
      .max(60)
      .optional()
      .describe('Seconds that one fetch may take. 5 when absent.'),
    maxRetries: z.int().min(0).max(10).optional().describe('Quick further tries when a fetch fails. 3 when absent.'),
  })
  .describe('How key sets are fetched.');

/** Options of `plugin.jwt`. Traefik Hub's names, and a few of our own. */
export const jwtOptions = z
  .strictObject({
    signingSecret: z.string().optional().describe('Shared secret of HMAC-signed tokens, 32 bytes or more.'),
    signingSecretBase64Encoded: z.boolean().optional().describe('Whether signingSecret is written in base64.'),
    publicKey: z.string().optional().describe('PEM of the public key (or certificate) that tokens are verified with.'),
    jwksFile: z
      .string()
      .optional()
      .describe('Path of a JSON Web Key set, or the set itself. A file is read again when it changes.'),
    jwksUrl: z
      .string()
      .optional()
      .describe('HTTPS URL of a JSON Web Key set; or a path beginning with /, resolved against each trusted issuer.'),
    trustedIssuers: z
      .array(
        z.strictObject({
          issuer: z.string().min(1).describe('The exact iss claim.'),
          jwksUrl: z.string().optional().describe('Its key set: an HTTPS URL, or a path resolved against the issuer.'),
        }),
      )
      .optional()
      .describe('Issuers whose tokens are accepted, each verified with its own keys.'),
    issuer: oneOrMore.optional().describe('Accepted iss claims. Not checked when absent, except with trustedIssuers.'),
    audience: oneOrMore
      .optional()
      .describe(
        'Accepted aud claims, besides the resource of the route’s mcp middleware. When set, a token needs an audience.',
      ),
    strictAudience: z
      .boolean()
      .optional()
      .describe('Refuses tokens that are also meant for others: every audience must be an accepted one.'),
    requireExpiration: z.boolean().optional().describe('Whether a token must have an exp claim. true when absent.'),
    leeway: durationOption
      .refine((ms) => ms <= 60_000, 'must be 60s or less')
      .optional()
      .describe('Difference between clocks that is forgiven, at most 60s. 30s when absent.'),
    forwardAuthorization: z
      .boolean()
      .optional()
      .describe('Whether the token goes on to the upstream. false when absent, and better so.'),
    stripAuthorizationHeader: z.boolean().optional().describe('Old inverse of forwardAuthorization.'),
    headerName: z.string().optional().describe('Header that carries the token. Authorization when absent.'),
    tokenQueryKey: z
      .string()
      .optional()
      .describe('Query parameter to look in when the header is absent. Tokens in URLs end up in logs.'),
    tokenKey: z.string().optional().describe('The same as tokenQueryKey. Form bodies are not looked into.'),
    claims: z.string().optional().describe('Expression over the claims; the answer is 403 when it does not hold.'),
    usernameClaim: z.string().optional().describe('Claim that names the user in access logs. sub when absent.'),
    forwardHeaders: z
      .record(z.string(), z.string())
      .optional()
      .describe(
        'Request headers for the upstream, each with the claim it is filled from. What clients send under these names is dropped.',
      ),
    wwwAuthenticate: z
      .string()
      .optional()
      .describe(
        'URL of the protected-resource metadata, or a whole challenge. Follows from the route’s resource when absent.',
      ),
    clientConfig: clientConfig.optional(),
  })
  .describe('Verifies JSON Web Tokens and makes their bearer the caller.');

export type JwtOptions = z.output<typeof jwtOptions>;
