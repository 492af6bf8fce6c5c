export const requirements = [
  {
    id: 'AR-closed-route',
    source: 'architecture: a configuration change',
    behaviour: 'A broken item closes its own routes, which keep their claim; others go on.',
  },
  {
    id: 'AR-last-good',
    source: 'architecture: a configuration change',
    behaviour: 'A broken change never replaces what worked.',
  },
  {
    id: 'DP-4.metadata-conflict',
    source: 'data-plane §4',
    behaviour: 'Two middlewares that claim one resource with different content are a configuration error.',
  },
  {
    id: 'AR-gate',
    source: 'architecture: structural safety',
    behaviour: 'No service is reached without a principal that auth made.',
  },
  {
    id: 'AR-tls',
    source: 'guide: entrypoints',
    behaviour: 'Certificates by server name, HTTP/2 beside HTTP/1.1, options and client certificates, reloaded.',
  },
  {
    id: 'AR-tls.hosts',
    source: 'security, RFC 9110 §15.5.20',
    behaviour:
      'What the TLS options of a host demand is demanded of every request for it, whatever name its connection was made for.',
  },
  {
    id: 'AR-tls.broken',
    source: 'architecture, a configuration change',
    behaviour: 'A route whose TLS options are missing or broken is closed, or goes on under their last good version.',
  },
  {
    id: 'AR-admin',
    source: 'guide: admin',
    behaviour: 'The read-only API reports every item, without secrets, and only where it is asked for.',
  },
  { id: 'DP-4.scope', source: 'data-plane §4', behaviour: 'A challenge names the scopes that the route supports.' },
] as const;
