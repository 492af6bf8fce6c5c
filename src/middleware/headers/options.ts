import * as z from 'zod';
import { unsupported } from '../../config/dynamic/schema/manifest.ts';

/** Fields that belong to one connection or to the framing of a message: the gateway writes them itself (RFC 9110 §7.6.1). */
const framing = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** RFC 9110 §5.1 token. */
const fieldName = z
  .string()
  .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, 'is not a header name')
  .refine((name) => !framing.has(name.toLowerCase()), 'is set by the gateway itself and cannot be changed here');

/** RFC 9110 §5.5: no control characters, and nothing that does not fit a byte. */
const fieldValue = z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'holds characters that a header value may not hold');

const fieldMap = z.record(fieldName, fieldValue);
const text = fieldValue.optional();
const flag = z.boolean().prefault(false);

const elsewhere = 'Write a `redirectScheme` middleware, or `http.redirections` of the entrypoint.';

/** Options of the `headers` middleware; names and defaults are Traefik's. */
export const headersOptions = z
  .strictObject({
    customRequestHeaders: fieldMap
      .optional()
      .describe('Headers to set on the request. An empty value removes the header; `Host` sets the host.'),
    customResponseHeaders: fieldMap
      .optional()
      .describe('Headers to set on the reply. An empty value removes the header.'),

    accessControlAllowCredentials: flag.describe('Browsers may send credentials (cookies, client certificates).'),
    accessControlAllowHeaders: z
      .array(z.string().min(1))
      .optional()
      .describe(
        'Request headers that a page may set. `*` allows what is asked for; an entry that ends in `*` (`Mcp-Param-*`) allows names that begin so. ' +
          'When absent although origins are allowed: the headers that MCP clients use.',
      ),
    accessControlAllowMethods: z
      .array(z.string().min(1))
      .optional()
      .describe('Methods that a page may use. When absent although origins are allowed: GET, POST, DELETE, OPTIONS.'),
    accessControlAllowOriginList: z
      .array(z.string().min(1))
      .optional()
      .describe('Origins whose pages may use the route, such as `https://app.example.com`, or `*` for all.'),
    accessControlAllowOriginListRegex: z
      .array(z.string().min(1))
      .optional()
      .describe('Regular expressions (Go syntax, unanchored) for origins whose pages may use the route.'),
    accessControlExposeHeaders: z
      .array(z.string().min(1))
      .optional()
      .describe(
        'Reply headers that a page may read; `*` for all. When absent although origins are allowed: those that MCP clients need.',
      ),
    accessControlMaxAge: z
      .int()
      .optional()
      .describe('Seconds for which a browser may remember the answer to a preflight request.'),
    addVaryHeader: flag.describe('Adds `Vary: Origin` to every reply, not only to those that depend on the origin.'),

    allowedHosts: z
      .array(z.string().min(1))
      .prefault([])
      .describe('Hosts that requests may be sent to. Others get 421. Empty: all.'),
    hostsProxyHeaders: z
      .array(fieldName)
      .prefault([])
      .describe('Headers that may hold the host that the client asked for, when a proxy stands in front.'),
    sslProxyHeaders: fieldMap
      .prefault({})
      .describe('Header and value that say that the client came over TLS, for instance `X-Forwarded-Proto: https`.'),
    stsSeconds: z
      .int()
      .min(0)
      .prefault(0)
      .describe('`max-age` of `Strict-Transport-Security`. 0: the header is not sent.'),
    stsIncludeSubdomains: flag.describe('Adds `includeSubDomains` to `Strict-Transport-Security`.'),
    stsPreload: flag.describe('Adds `preload` to `Strict-Transport-Security`.'),
    forceSTSHeader: flag.describe('Sends `Strict-Transport-Security` without TLS too.'),
    frameDeny: flag.describe('Sends `X-Frame-Options: DENY`.'),
    customFrameOptionsValue: text.describe('Value of `X-Frame-Options`, instead of the one of `frameDeny`.'),
    contentTypeNosniff: flag.describe('Sends `X-Content-Type-Options: nosniff`.'),
    browserXssFilter: flag.describe('Sends `X-XSS-Protection: 1; mode=block`.'),
    customBrowserXSSValue: text.describe('Value of `X-XSS-Protection`, instead of the one of `browserXssFilter`.'),
    contentSecurityPolicy: text.describe('Value of `Content-Security-Policy`.'),
    contentSecurityPolicyReportOnly: text.describe('Value of `Content-Security-Policy-Report-Only`.'),
    publicKey: text.describe('Value of `Public-Key-Pins`, sent over TLS only. Browsers no longer read it.'),
    referrerPolicy: text.describe('Value of `Referrer-Policy`.'),
    permissionsPolicy: text.describe('Value of `Permissions-Policy`.'),
    featurePolicy: unsupported('refused', 'Write `permissionsPolicy`.'),
    sslRedirect: unsupported('refused', elsewhere),
    sslTemporaryRedirect: unsupported('refused', elsewhere),
    sslHost: unsupported('refused', elsewhere),
    sslForceHost: unsupported('refused', elsewhere),
    isDevelopment: flag.describe(
      'For development: switches off `allowedHosts`, `Strict-Transport-Security` and `Public-Key-Pins`.',
    ),
  })
  .describe('Changes headers of requests and replies, answers CORS preflight requests and adds security headers.');

export type HeadersOptions = z.output<typeof headersOptions>;
