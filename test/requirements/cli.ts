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
  {
    id: 'G-2.config-command',
    source: 'guide, step 2',
    behaviour: '`portcullis config` prints every effective install option and where it came from, secrets hidden.',
  },
  {
    id: 'G-3.check',
    source: 'guide, step 3',
    behaviour:
      '`portcullis check` finds what a start would complain about, with place and exit code, without starting.',
  },
  {
    id: 'G-8.token-command',
    source: 'guide, step 8',
    behaviour:
      '`portcullis token` makes the test tokens of the guide, and tokens for every kind of key that routes verify with.',
  },
  {
    id: 'AR-exit-codes',
    source: 'architecture, cli',
    behaviour:
      'Exit codes: 0 done, 1 failed while running, 2 wrong command line, 3 wrong configuration; errors on standard error.',
  },
  {
    id: 'AR-healthcheck',
    source: 'ecosystem reference §12',
    behaviour: '`portcullis healthcheck` asks /ping as configured, prints `OK: <url>` and ends with 0, else with 1.',
  },
  {
    id: 'AR-startup',
    source: 'performance reference',
    behaviour: 'The gateway starts and answers at once, and logs where each entrypoint listens.',
  },
  {
    id: 'AR-signals',
    source: 'ecosystem reference §12',
    behaviour: 'SIGHUP reads the routing configuration again, SIGUSR1 opens log files again.',
  },
  {
    id: 'AR-workers',
    source: 'performance reference',
    behaviour:
      'Several processes can share the entrypoints; one that dies is replaced, and when none can start the whole ends.',
  },
  {
    id: 'SEC-shutdown',
    source: 'security §3',
    behaviour:
      'SIGTERM lets running requests end within the grace time and takes no new ones; a second signal does not wait.',
  },
  {
    id: 'SEC-fault',
    source: 'security §3',
    behaviour: 'An unforeseen fault is logged, running requests end, and the process ends with 1 instead of going on.',
  },
  {
    id: 'PERF-left-behind',
    source: 'reference/performance.md §4 (memory of long-running processes)',
    behaviour:
      'What a request leaves behind is garbage of the young generation, also after a full collection: nothing that is over keeps a later request alive.',
  },
  {
    id: 'PERF-rest',
    source: 'performance',
    behaviour:
      'A gateway that is left alone gives back the memory that it does not use; one that is busy is not stopped for it.',
  },
] as const;
