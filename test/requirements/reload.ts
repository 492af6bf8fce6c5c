export const requirements = [
  {
    id: 'SEC-reload-under-load',
    source: 'security §3, architecture: a configuration change',
    behaviour:
      'Sixty changes in sixty seconds drop no stream, mix no policies, answer no 5xx, and broken ones change nothing.',
  },
] as const;
