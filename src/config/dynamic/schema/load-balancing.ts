import * as z from 'zod';
import { durationOption } from '../../duration.ts';

/** Options of load balancing that manifests and routing files share, with Traefik's defaults. */

/** Whole numbers up to Go's MaxInt64 - 1000, which are more than a number can tell apart; the router checks the bound. */
export const priority = z
  .number()
  .refine((value) => Number.isInteger(value), { error: 'must be a whole number, not a fraction' })
  .meta({ type: 'integer' })
  .optional()
  .describe('The higher goes first. Absent or 0: the length of the rule.');

export const strategy = z
  .enum(['wrr', 'p2c', 'hrw', 'leasttime'])
  .default('wrr')
  .describe(
    'How a server is chosen: weighted round robin, power of two choices, highest random weight (by session), or least response time.',
  );

export const sticky = z.strictObject({
  cookie: z
    .strictObject({
      name: z.string().min(1).optional().describe('Name of the cookie. Default: derived from the service.'),
      secure: z.boolean().default(false).describe('Send the cookie over TLS only.'),
      httpOnly: z.boolean().default(false).describe('Hide the cookie from scripts.'),
      sameSite: z.enum(['none', 'lax', 'strict']).optional().describe('`SameSite` attribute of the cookie.'),
      maxAge: z.int().default(0).describe('Seconds until the cookie expires. 0: with the browser session.'),
      path: z.string().startsWith('/').default('/').describe('`Path` attribute of the cookie.'),
      domain: z.string().optional().describe('`Domain` attribute of the cookie.'),
    })
    .describe('Cookie that ties a client to a server.'),
});

export const healthCheck = z.strictObject({
  scheme: z.enum(['http', 'https']).optional().describe("Scheme of the check. Default: the server's."),
  mode: z.literal('http').default('http').describe('Kind of check.'),
  path: z.string().startsWith('/', { error: 'must begin with /' }).describe('Path that is asked for.'),
  method: z.string().min(1).default('GET').describe('Method of the check.'),
  status: z.int().min(100).max(599).optional().describe('Status of a healthy server. Default: any of 200 to 399.'),
  port: z.int().min(1).max(65_535).optional().describe("Port of the check. Default: the server's."),
  interval: durationOption.prefault('30s').describe('Time between checks of a healthy server.'),
  unhealthyInterval: durationOption
    .optional()
    .describe('Time between checks of an unhealthy server. Default: `interval`.'),
  timeout: durationOption.prefault('5s').describe('Time after which a check has failed.'),
  hostname: z.string().optional().describe('Value of the `Host` header.'),
  followRedirects: z.boolean().default(true).describe('Follow redirects.'),
  headers: z.record(z.string(), z.string()).default({}).describe('Headers that are sent along.'),
});

export const passiveHealthCheck = z.strictObject({
  failureWindow: durationOption
    .prefault('10s')
    .describe('Time in which failures count, and for which a server is then left out.'),
  maxFailedAttempts: z.int().min(1).default(1).describe('Failures within the window that make a server unhealthy.'),
});

export const responseForwarding = z.strictObject({
  flushInterval: z
    .union([z.string(), z.number()])
    .optional()
    .describe('Accepted for compatibility: answers are always passed on at once.'),
});

const statusRange = z
  .union([z.int(), z.string().regex(/^[1-5][0-9]{2}(?:-[1-5][0-9]{2})?$/)], {
    error: 'must be a status or a range such as 503 or 500-504',
  })
  .transform(String);

/** `errors` of a failover service. */
export const failoverErrors = z.strictObject({
  status: z.array(statusRange).min(1).describe('Statuses of the first service that send the request to the fallback.'),
  maxRequestBodyBytes: z
    .int()
    .min(-1)
    .default(-1)
    .describe('Largest body that is kept to be sent again. -1: no limit.'),
});

export const maxBodySize = z
  .int()
  .min(-1)
  .default(-1)
  .describe('Largest body that is mirrored, in bytes. -1: no limit.');
export const mirrorBody = z.boolean().default(true).describe('Mirror bodies too.');
export const percent = z.int().min(0).max(100).default(0).describe('Share of requests that is mirrored, in percent.');
export const weight = z.int().min(0).describe('Share of requests, relative to the others. 0: none.');

const tlsVersion = z.enum(['VersionTLS12', 'VersionTLS13']);

const forwardingTimeouts = z.strictObject({
  dialTimeout: durationOption.prefault('30s').describe('Time to connect. 0: no limit.'),
  responseHeaderTimeout: durationOption
    .prefault('0s')
    .describe('Time from the request to the headers of the answer. 0: no limit.'),
  idleConnTimeout: durationOption
    .prefault('90s')
    .describe('Time after which an unused connection is closed. 0: never.'),
  readIdleTimeout: durationOption
    .optional()
    .meta({ description: 'HTTP/2 pings are not offered; ignored.', unsupported: 'ignored' }),
  pingTimeout: durationOption
    .optional()
    .meta({ description: 'HTTP/2 pings are not offered; ignored.', unsupported: 'ignored' }),
});

/** Options of a servers transport beside its certificates. */
export const transportOptions = {
  serverName: z
    .string()
    .min(1)
    .optional()
    .describe('Name for SNI and for checking the certificate. Default: the host of the URL.'),
  insecureSkipVerify: z
    .boolean()
    .default(false)
    .describe("Accept any certificate. The upstream can then be anybody's."),
  maxIdleConnsPerHost: z.int().min(-1).default(200).describe('Unused connections kept per server.'),
  disableHTTP2: z.boolean().default(false).describe('Speak HTTP/1.1 only.'),
  minVersion: tlsVersion.optional().describe('Lowest TLS version.'),
  maxVersion: tlsVersion.optional().describe('Highest TLS version.'),
  cipherSuites: z.array(z.string()).default([]).describe('Cipher suites for TLS 1.2, by IANA name.'),
  forwardingTimeouts: forwardingTimeouts.prefault({}).describe('Time limits.'),
};

/** Options of TLS for clients beside client certificates. */
export const tlsOptions = {
  minVersion: tlsVersion.default('VersionTLS12').describe('Lowest TLS version.'),
  maxVersion: tlsVersion
    .optional()
    .describe('Highest TLS version. Of several options of one listener the highest counts.'),
  cipherSuites: z.array(z.string()).default([]).describe('Cipher suites for TLS 1.2, by IANA name. Empty: safe ones.'),
  curvePreferences: z
    .array(z.string())
    .default([])
    .describe('Key exchange groups, the preferred first. Empty: safe ones.'),
  sniStrict: z
    .boolean()
    .default(false)
    .describe('Refuse connections for which there is no certificate instead of using the default one.'),
  alpnProtocols: z.array(z.string()).default(['h2', 'http/1.1']).describe('Protocols offered, the preferred first.'),
  disableSessionTickets: z.boolean().optional().meta({ description: 'Not offered; ignored.', unsupported: 'ignored' }),
};

export const clientAuthType = z
  .enum([
    'NoClientCert',
    'RequestClientCert',
    'RequireAnyClientCert',
    'VerifyClientCertIfGiven',
    'RequireAndVerifyClientCert',
  ])
  .optional()
  .describe(
    'Whether clients must show a certificate. Default: `RequireAndVerifyClientCert` when authorities are given.',
  );
