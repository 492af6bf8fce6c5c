import * as z from 'zod';
import { accessLog } from './access-log.ts';
import { api, ping } from './admin.ts';
import { audit } from './audit.ts';
import { entryPoints } from './entry-points.ts';
import { log } from './log.ts';
import { mcp } from './mcp.ts';
import { metrics } from './metrics.ts';
import { providers } from './providers.ts';
import { serversTransport } from './servers-transport.ts';
import { tracing } from './tracing.ts';
import { webhook } from './webhook.ts';

/** `host:port=address:port`, the parts of a `resolve` rule. */
const resolveRule = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]=\s]+):([0-9]{1,5})=(\[[0-9A-Fa-f:.]+\]|[^:[\]=\s]+):([0-9]{1,5})$/;

/** Points connections to one place somewhere else. */
export interface ResolveRule {
  /** Lower case, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly toHost: string;
  readonly toPort: number;
}

/** Takes `mcp.deepwiki.com:443=127.0.0.1:9443` apart; undefined when it is not of that form. */
export function parseResolveRule(text: string): ResolveRule | undefined {
  const [, host, port, toHost, toPort] = resolveRule.exec(text) ?? [];
  if (host === undefined || toHost === undefined || Number(port) > 65_535 || Number(toPort) > 65_535) return undefined;
  const bare = (name: string) => name.replace(/^\[|\]$/g, '').toLowerCase();
  return { host: bare(host), port: Number(port), toHost: bare(toHost), toPort: Number(toPort) };
}

/** Every install option. One file per section; a new section is a file and a line here. */
export const staticSchema = z.strictObject({
  entryPoints: entryPoints.prefault({}).describe('Ports that the gateway listens on, by name.'),
  providers: providers.prefault({}).describe('Where routing configuration comes from.'),
  serversTransport: serversTransport
    .prefault({})
    .describe('How upstream servers are spoken to, unless a service names a transport of its own.'),
  api: api
    .prefault(true)
    .describe('The read-only API about routers, services and middlewares. `false` switches it off.'),
  ping: ping.prefault(true).describe('The `/ping` endpoint for probes. `false` switches it off.'),
  log: log.prefault({}).describe('The application log.'),
  accessLog: accessLog.optional().describe('One line per request. Off unless given; `true` takes the defaults.'),
  metrics: metrics
    .prefault(true)
    .describe('What is counted: a Prometheus endpoint on `admin`, and push to a collector. `false` switches it off.'),
  tracing: tracing.optional().describe('Distributed traces. Off unless given; `true` takes the defaults.'),
  audit: audit
    .optional()
    .describe('One record per decision, refused credential and change of the configuration, chained and signed.'),
  mcp: mcp.prefault({}).describe('Install-wide options of the MCP gateway.'),
  resolve: z
    .array(
      z.string().refine((text) => parseResolveRule(text) !== undefined, {
        error: 'expected host:port=address:port, for instance mcp.deepwiki.com:443=127.0.0.1:9443',
      }),
    )
    .default([])
    .describe(
      'Points upstream names elsewhere, for tests and demos: `host:port=address:port`. TLS still checks the name.',
    ),
  webhook: webhook
    .optional()
    .describe('Answers a cluster’s API server whether a routing object may be applied. Off unless given.'),
  workers: z.int().min(1).max(1024).default(1).describe('Processes that share the entrypoints.'),
});

/** Effective install options: every default filled in, durations in milliseconds, byte counts in bytes. */
export type StaticConfiguration = z.output<typeof staticSchema>;
