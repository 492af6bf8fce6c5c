export const requirements = [
  {
    id: 'AR-crds',
    source: 'architecture, generated',
    behaviour: 'Custom resource definitions come from the schemas, are structural and take every example.',
  },
  {
    id: 'AR-one-translation',
    source: 'architecture, provider',
    behaviour: 'The same objects give the same configuration from files and from an API server.',
  },
  {
    id: 'AR-status',
    source: 'architecture, runtime status',
    behaviour: 'A broken object says so in a condition and an Event, with the text and carets of `portcullis check`.',
  },
  {
    id: 'AR-leader',
    source: 'architecture, runtime status',
    behaviour: 'Of several replicas the holder of a Lease writes status, once; when it is gone, another one does.',
  },
  {
    id: 'AR-endpoints',
    source: 'architecture, provider',
    behaviour: 'Upstreams follow the ready endpoints of EndpointSlices.',
  },
  {
    id: 'AR-external-name',
    source: 'architecture, provider',
    behaviour: 'ExternalName Services lead outside, never to link-local and metadata addresses.',
  },
  {
    id: 'AR-secrets',
    source: 'architecture, provider',
    behaviour: 'Only Secrets that are referred to are read, and a rotated one counts at once.',
  },
  {
    id: 'AR-choice',
    source: 'architecture, provider',
    behaviour: 'Objects are chosen by ingress class and by labels.',
  },
  {
    id: 'AR-rbac',
    source: 'architecture, provider',
    behaviour: 'The gateway works with the rights of one namespace and of Secrets by name.',
  },
  {
    id: 'AR-withheld',
    source: 'architecture, runtime status',
    behaviour: 'What RBAC keeps back is told as that, with what to grant, and not as missing.',
  },
  {
    id: 'AR-foreign-crds',
    source: 'architecture, provider',
    behaviour: 'Definitions of others are accepted: some may be missing, and they need no status.',
  },
  {
    id: 'AR-scale-load',
    source: 'architecture, configuration change',
    behaviour: 'Two thousand routes are served within five seconds.',
  },
  {
    id: 'AR-scale-change',
    source: 'architecture, configuration change',
    behaviour: 'Among two thousand routes the change of one is live within a second.',
  },
  {
    id: 'AR-scale-secrets',
    source: 'architecture, provider',
    behaviour:
      'Hundreds of Secrets, each watched by its name, cost a few connections, and one change is live in a second.',
  },
  {
    id: 'AR-api-kill',
    source: 'architecture, provider',
    behaviour: 'The API server may die: traffic goes on, and after its return changes are there within 5 s.',
  },
  {
    id: 'AR-api-stop',
    source: 'architecture, provider',
    behaviour:
      'The API server may stand still for half a minute: traffic goes on, and changes come within 5 s afterwards.',
  },
  {
    id: 'AR-api-gone',
    source: 'architecture, provider',
    behaviour: 'A forgotten past (410, as status and as event) leads to a new list, never to an empty configuration.',
  },
  {
    id: 'AR-api-errors',
    source: 'architecture, provider',
    behaviour: 'An API server that is away gets no more than one request a second.',
  },
  { id: 'AR-api-slow', source: 'architecture, provider', behaviour: 'Slow bytes and late bookmarks do no harm.' },
  {
    id: 'AR-webhook',
    source: 'architecture, provider',
    behaviour: 'The optional webhook refuses a broken object at `kubectl apply`, with line and caret.',
  },
] as const;
