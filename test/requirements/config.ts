/** What configuration files and their provider promise; their tests cite these ids. */
export const requirements = [
  {
    id: 'AR-configuration-files',
    source: 'architecture, "A configuration change", and the guide, Steps 2 to 12',
    behaviour:
      'A file means exactly the configuration, or exactly the diagnostics with file, line, column, underlined text and advice, that its fixture says.',
  },
  {
    id: 'AR-positions',
    source: 'architecture, "A configuration change"',
    behaviour:
      'Every character of every text in a YAML or JSON file is found where it stands, in all five styles of text.',
  },
  {
    id: 'AR-strict',
    source: 'architecture, "A configuration change"',
    behaviour: 'Every mapping of every kind of object knows all its keys and refuses others.',
  },
  {
    id: 'AR-secret-references',
    source: 'the guide, Step 3, and the reference on secret references',
    behaviour: 'A reference to a Secret is replaced in every string of every middleware, whole or in part, once.',
  },
  {
    id: 'AR-names',
    source: 'the reference on IngressRoutes',
    behaviour: 'Items get the names that Traefik gives them.',
  },
  {
    id: 'AR-reload',
    source: 'architecture, "A configuration change"',
    behaviour: 'The file provider publishes the whole of what the files hold, again after every change of a byte.',
  },
  {
    id: 'AR-broken-change',
    source: 'architecture, "A configuration change"',
    behaviour: 'A file that cannot be parsed is reported as such and replaces nothing; when it is mended, it counts.',
  },
  {
    id: 'AR-config-map',
    source: 'architecture, "A configuration change"',
    behaviour: 'The exchange of a mounted ConfigMap behind its symbolic link is noticed.',
  },
  {
    id: 'AR-certificates-reload',
    source: 'architecture, "A configuration change"',
    behaviour: 'A change of a certificate file that a routing file refers to counts as a change of configuration.',
  },
  {
    id: 'G-2.external-name',
    source: 'the guide, Step 2',
    behaviour: 'An ExternalName Service is routed to without any switch.',
  },
  {
    id: 'G-3.secret',
    source: 'the guide, Step 3',
    behaviour:
      'The signing secret of the JWT middleware comes from the Secret in its namespace, and is known to be one.',
  },
  {
    id: 'G-6.manifests',
    source: 'the guide, Steps 2 to 6, 12 and "Connect Different Types of MCP Servers"',
    behaviour: 'The manifests of the guide are read as they are, without a problem.',
  },
  {
    id: 'G-12.names',
    source: 'the guide, Step 12',
    behaviour: 'Middlewares are called as in the log lines of the guide: apps-deepwiki-mcp-gateway@kubernetescrd.',
  },
  {
    id: 'SEC-no-secrets-in-diagnostics',
    source: 'security §1 and architecture, "Style"',
    behaviour: 'What may be a secret is covered in every excerpt of a file, also of one that cannot be parsed.',
  },
  {
    id: 'SEC-no-values-in-diagnostics',
    source: 'security §1 and architecture, "Style"',
    behaviour: 'Messages about values that do not fit a schema never repeat the value.',
  },
  {
    id: 'SEC-yaml-bombs',
    source: 'security §1',
    behaviour: 'Files that expand to too much, nest too deeply or contain themselves are refused quickly.',
  },
] as const;
