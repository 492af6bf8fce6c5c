import * as z from 'zod';
import { byteCount, duration, entryPointName, ipRange, listenAddress, toggle } from './values.ts';

const tls = z.strictObject({
  options: z
    .string()
    .optional()
    .describe('Name of the TLS options that routers of this entrypoint use unless they name others.'),
});

const encodedCharacters = z.strictObject({
  allowEncodedSlash: z.boolean().default(false).describe('Lets `%2F` through in paths. It is never decoded.'),
  allowEncodedBackSlash: z.boolean().default(false).describe('Lets `%5C` and a plain backslash through in paths.'),
  allowEncodedNullCharacter: z.boolean().default(false).describe('Lets `%00` through in paths.'),
  allowEncodedPercent: z.boolean().default(false).describe('Lets `%25` through in paths.'),
  allowEncodedSemicolon: z.boolean().default(true).describe('Lets `%3B` through in paths.'),
  allowEncodedQuestionMark: z.boolean().default(true).describe('Lets `%3F` through in paths.'),
  allowEncodedHash: z.boolean().default(true).describe('Lets `%23` through in paths.'),
});

const redirection = z.strictObject({
  to: z.string().describe('Entrypoint (by name) or port (as `:443`) that requests are sent to.'),
  scheme: z.enum(['https', 'http']).default('https').describe('Scheme of the target.'),
  permanent: z.boolean().default(true).describe('301 (308 for other methods than GET and HEAD) instead of 302 (307).'),
});

const http = z.strictObject({
  tls: toggle(tls).optional().describe('Speaks TLS on this port: `true`, or a section with options.'),
  middlewares: z
    .array(z.string())
    .default([])
    .describe('Middlewares before those of each router here, by qualified name (`apps-headers@file`), in order.'),
  redirections: z
    .strictObject({ entryPoint: redirection.optional().describe('Sends every request to another entrypoint.') })
    .prefault({})
    .describe('Redirections that need no router.'),
  maxHeaderBytes: byteCount
    .min(1024)
    .default(65_536)
    .describe('Most bytes that all header fields of a request may have together (431 beyond).'),
  encodedCharacters: encodedCharacters
    .prefault({})
    .describe(
      'Characters in paths that are refused (400) unless allowed here: programs disagree about what they mean.',
    ),
  underscoreHeadersStrategy: z
    .enum(['delete', 'reject'])
    .default('delete')
    .describe('What happens to request headers with `_` in their name: dropped, or the request refused with 400.'),
});

const forwardedHeaders = z.strictObject({
  trustedIPs: z
    .array(ipRange)
    .default([])
    .describe('Proxies in front whose `X-Forwarded-*` are believed. From anybody else they are removed.'),
  insecure: z.boolean().default(false).describe('Believes `X-Forwarded-*` from everybody. For tests only.'),
});

const respondingTimeouts = z.strictObject({
  readHeaderTimeout: duration.prefault('10s').describe('Most time for the head of a request to arrive. 0: no limit.'),
  readTimeout: duration
    .prefault('30s')
    .describe('Most time for the body of a request to arrive after its head. 0: no limit.'),
  writeTimeout: duration
    .prefault('0s')
    .describe('Most time for writing an answer that is not a stream. 0: no limit. Event streams are never cut by it.'),
  idleTimeout: duration
    .prefault('180s')
    .describe('Time after which a connection without a request is closed. 0: no limit.'),
});

const lifeCycle = z.strictObject({
  requestAcceptGraceTimeout: duration
    .prefault('0s')
    .describe('On shutdown: how long new requests are still accepted while `/ping` already says that we are leaving.'),
  graceTimeOut: duration
    .prefault('10s')
    .describe('On shutdown: how long running requests may take to end, event streams last.'),
});

const entryPoint = z.strictObject({
  address: listenAddress.describe(
    'Where it listens: `:8000`, `127.0.0.1:8000`, `[::1]:8000`. Port 0 takes any free port.',
  ),
  asDefault: z
    .boolean()
    .default(false)
    .describe(
      'Routers without `entryPoints` use the entrypoints marked so; when none is, all but the admin entrypoint.',
    ),
  http: http.prefault({}).describe('How HTTP is handled on this port.'),
  forwardedHeaders: forwardedHeaders.prefault({}).describe('Who may say for whom a request was forwarded.'),
  transport: z
    .strictObject({
      respondingTimeouts: respondingTimeouts.prefault({}).describe('Limits on how long a client may take.'),
      lifeCycle: lifeCycle.prefault({}).describe('What happens on shutdown.'),
    })
    .prefault({})
    .describe('Connections between clients and this entrypoint.'),
  http2: z
    .strictObject({
      maxConcurrentStreams: z.int().min(1).default(250).describe('Most requests at once on one HTTP/2 connection.'),
    })
    .prefault({})
    .describe('HTTP/2, spoken beside HTTP/1.1 under TLS.'),
});

export const entryPoints = z.record(entryPointName, entryPoint.describe('One entrypoint.'));
