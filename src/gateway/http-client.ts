import { Agent, buildConnector, type Dispatcher } from 'undici';
import type { ResolveRule } from '../config/static/schema.ts';

/**
 * The HTTP client for what the gateway fetches itself (key sets, authorization endpoints): honours `resolve` and the
 * install-wide authorities, like the connections to upstream servers do. Redirects are never followed.
 */
export function createHttpClient(options: {
  readonly resolve: readonly ResolveRule[];
  readonly rootCAs: readonly string[];
  readonly insecureSkipVerify: boolean;
}): Dispatcher {
  const connect = buildConnector({
    timeout: 5_000,
    rejectUnauthorized: !options.insecureSkipVerify,
    ...(options.rootCAs.length === 0 ? {} : { ca: [...options.rootCAs] }),
  });
  return new Agent({
    headersTimeout: 30_000,
    bodyTimeout: 30_000,
    connect(target, done) {
      const port = Number(target.port) || (target.protocol === 'https:' ? 443 : 80);
      const rule = options.resolve.find((one) => one.host === target.hostname.toLowerCase() && one.port === port);
      if (rule === undefined) {
        connect(target, done);
        return;
      }
      // The name that TLS checks stays; only the address changes.
      const servername = target.servername ?? target.hostname;
      connect({ ...target, hostname: rule.toHost, port: String(rule.toPort), servername }, done);
    },
  });
}
