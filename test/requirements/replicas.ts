export const requirements = [
  {
    id: 'SEC-replica-sessions',
    source: 'cluster: replicas',
    behaviour: 'Any replica with the session key serves any session, also after another was killed.',
  },
  {
    id: 'SEC-rolling-restart',
    source: 'cluster: replicas',
    behaviour: 'A rolling restart fails no call, executes none twice, and lets streams come back.',
  },
  {
    id: 'SEC-replica-affinity',
    source: 'cluster: replicas',
    behaviour: 'With `hrw` every replica chooses the same upstream for a session and for a caller.',
  },
  {
    id: 'SEC-replica-kill',
    source: 'cluster: replicas',
    behaviour: 'Killing a replica fails only the calls in flight on it.',
  },
  {
    id: 'SEC-replica-limits',
    source: 'cluster: replicas',
    behaviour: 'Rates and slots hold across replicas within two per cent.',
  },
  {
    id: 'SEC-redis-loss',
    source: 'cluster: replicas',
    behaviour: 'While Redis is away limits are local, never open, and nothing answers 5xx.',
  },
] as const;
