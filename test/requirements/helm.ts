export const requirements = [
  { id: 'HELM-lint', source: 'cluster: Helm chart', behaviour: 'Both Helm majors find nothing wrong with the chart.' },
  {
    id: 'HELM-golden',
    source: 'cluster: Helm chart',
    behaviour: 'A matrix of values renders the objects of the golden files.',
  },
  {
    id: 'HELM-options',
    source: 'cluster: Helm chart',
    behaviour: 'Every rendered argument is an install option that the gateway takes.',
  },
  { id: 'HELM-schema', source: 'cluster: Helm chart', behaviour: 'Misspelt and mistyped values are refused.' },
  {
    id: 'HELM-secure',
    source: 'cluster: Helm chart',
    behaviour: 'Pods run as non-root with a read-only root filesystem and no capabilities.',
  },
  {
    id: 'HELM-rbac',
    source: 'cluster: Helm chart',
    behaviour:
      'The rules allow reading what is routed and writing only statuses, events and the lease, in no more namespaces than are read.',
  },
  { id: 'HELM-drain', source: 'cluster: replicas', behaviour: 'The pod outlives the accept grace and the drain.' },
  { id: 'HELM-admin', source: 'guide: admin', behaviour: 'The admin port is not exposed by the Service.' },
  { id: 'HELM-crds', source: 'cluster: CRDs', behaviour: 'The chart brings the generated CRDs.' },
  {
    id: 'HELM-server',
    source: 'cluster: Helm chart',
    behaviour: 'A real API server takes every rendered object, and Helm installs, upgrades and removes the chart.',
  },
] as const;
