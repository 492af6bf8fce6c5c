/** Install options, logs and the command line. */
export const requirements = [
  {
    id: 'G-2.install-defaults',
    source: 'guide, step 2',
    behaviour:
      'Without any option there are the entrypoints web (:8000), websecure (:8443, TLS) and admin (this machine only).',
  },
  {
    id: 'G-2.precedence',
    source: 'guide, step 2',
    behaviour:
      'Install options come from defaults, file, variables and flags in rising precedence, and each value knows its origin.',
  },
  {
    id: 'G-2.unknown-options',
    source: 'guide, step 2',
    behaviour: 'An install option that does not exist is an error that names its place and the nearest option.',
  },
  {
    id: 'SEC-no-secret-in-errors',
    source: 'architecture, style; security §2.2',
    behaviour: 'No message about a wrong install option repeats the value of a secret, its line in the file included.',
  },
  {
    id: 'AR-log-format',
    source: 'architecture, style; guide, step 12',
    behaviour:
      'The application log writes `TIME DBG message key=value` lines or JSON; nothing logged can forge a line.',
  },
  {
    id: 'AR-access-log',
    source: 'traefik-hub reference §11.3',
    behaviour: 'The access log has the formats and field names of Traefik, and the facts of the MCP message.',
  },
  {
    id: 'SEC-logs-without-tokens',
    source: 'security §2.2',
    behaviour: 'No log holds a token, a cookie, a session id or a query, whatever the options say.',
  },
  {
    id: 'SEC-log-never-blocks',
    source: 'security §3; data-plane §1',
    behaviour: 'A blocked pipe, a vanished reader or a full disk loses log lines, counted, and delays nothing.',
  },
] as const;
