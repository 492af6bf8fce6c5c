/**
 * The import table of docs/architecture.md: which room may import which, besides itself. `scripts/check-imports.ts`
 * runs it. Type imports count like any other.
 */
const rooms = {
  http: ['errors'],
  config: ['errors'],
  expression: ['errors'],
  telemetry: ['errors', 'http'],
  mcp: ['errors', 'http'],
  auth: ['errors', 'http'],
  policy: ['errors', 'expression'],
  router: ['errors', 'http', 'config', 'expression'],
  service: ['errors', 'http', 'config', 'telemetry'],
  entrypoint: ['errors', 'http', 'config', 'telemetry'],
  admin: ['errors', 'http', 'config', 'telemetry'],
  middleware: ['errors', 'http', 'config', 'telemetry', 'auth', 'mcp', 'policy'],
  provider: ['errors', 'config', 'telemetry'],
  gateway: [
    'errors',
    'http',
    'config',
    'expression',
    'telemetry',
    'mcp',
    'auth',
    'policy',
    'router',
    'service',
    'entrypoint',
    'admin',
    'middleware',
    'provider',
  ],
  cli: ['gateway', 'config', 'expression', 'policy', 'telemetry', 'errors'],
};

const testFile = '\\.test\\.ts$';
const pathOf = (room) => (room === 'errors' ? '^src/errors\\.ts$' : `^src/${room}/`);

const roomRules = Object.entries(rooms).map(([room, allowed]) => ({
  name: `room-${room}`,
  comment: `${room} may import ${allowed.join(', ')} and itself`,
  severity: 'error',
  from: { path: `^src/${room}/`, pathNot: testFile },
  to: { path: '^(src|test|demo|bench|scripts)/', pathNot: [room, ...allowed].map(pathOf) },
}));

module.exports = {
  forbidden: [
    ...roomRules,
    {
      name: 'errors-alone',
      comment: 'errors imports nothing',
      severity: 'error',
      from: { path: '^src/errors\\.ts$' },
      to: { path: '.' },
    },
    {
      name: 'no-room-outside-the-table',
      comment: 'every folder under src is a room of the table; helpers live with their only user',
      severity: 'error',
      from: { path: '.' },
      to: { path: '^src/[^/]+/', pathNot: Object.keys(rooms).map(pathOf) },
    },
    {
      name: 'no-sibling-middleware',
      comment: 'a middleware never imports another one',
      severity: 'error',
      from: { path: '^src/middleware/([^/]+)/', pathNot: testFile },
      to: { path: '^src/middleware/[^/]+/', pathNot: '^src/middleware/$1/' },
    },
    {
      name: 'no-sibling-provider',
      comment: 'a provider never imports another one',
      severity: 'error',
      from: { path: '^src/provider/([^/]+)/', pathNot: testFile },
      to: { path: '^src/provider/[^/]+/', pathNot: '^src/provider/$1/' },
    },
    {
      name: 'sockets-behind-the-exchange',
      comment: 'only entrypoint and service speak HTTP themselves (cli: the health check of another process)',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/(entrypoint|service|cli)/', testFile] },
      to: { path: '^(node:)?http2?$', dependencyTypes: ['core'] },
    },
    {
      name: 'no-circle',
      comment: 'modules that need each other, be it for a type or on demand, are one module, or three',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'no-tests-in-the-product',
      severity: 'error',
      from: { path: '^src/', pathNot: testFile },
      to: { path: [testFile, '^test/'] },
    },
    {
      name: 'no-dev-dependency',
      comment: 'what runs is a dependency, not a devDependency',
      severity: 'error',
      from: { path: '^src/', pathNot: testFile },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm', 'type-only'] },
    },
    { name: 'resolves', severity: 'error', from: { path: '^src/' }, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
