const image = 'architecture: container image';
const npmPackage = 'architecture: published package';

export const requirements = [
  {
    id: 'AR-image.serves',
    source: image,
    behaviour: 'The image, built from the Dockerfile, answers /ping and forwards MCP calls, also with read-only files.',
  },
  { id: 'AR-image.user', source: image, behaviour: 'The gateway runs as user 65532 without any capability.' },
  {
    id: 'AR-image.health',
    source: image,
    behaviour: 'The health check of the image succeeds while the gateway is well and fails when it is not there.',
  },
  {
    id: 'AR-image.lazy',
    source: image,
    behaviour: 'Neither the exporters of telemetry nor the Kubernetes client are loaded where nothing asks for them.',
  },
  {
    id: 'AR-image.config',
    source: image,
    behaviour: 'The image names its user, entrypoint, command, ports and health check.',
  },
  { id: 'AR-image.no-shell', source: image, behaviour: 'The image needs and brings no shell and no package manager.' },
  { id: 'AR-image.unchangeable', source: image, behaviour: 'The user of the image can change no file of the program.' },
  { id: 'AR-image.contents', source: image, behaviour: 'The image holds neither sources nor tests.' },
  {
    id: 'AR-image.dependencies',
    source: image,
    behaviour: 'The image holds all runtime dependencies in their locked versions and no dependency of development.',
  },
  { id: 'AR-image.sbom', source: image, behaviour: 'The bill of materials names every package in the image.' },
  { id: 'AR-image.commands', source: image, behaviour: 'Commands beside "run" work in the image, too.' },
  {
    id: 'AR-package.contents',
    source: npmPackage,
    behaviour: 'The npm package holds program, code, types, schemas, licence and introduction, and nothing else.',
  },
  {
    id: 'AR-package.dependencies',
    source: npmPackage,
    behaviour: 'Every package that published code imports is declared as a dependency.',
  },
  { id: 'AR-package.program', source: npmPackage, behaviour: 'The program of the npm package runs without sources.' },
  {
    id: 'AR-package.entries',
    source: npmPackage,
    behaviour: 'Gateway and policy engine can be imported from the npm package, and nothing inside it.',
  },
  { id: 'AR-package.types', source: npmPackage, behaviour: 'Programs in TypeScript can use the types of the package.' },
] as const;
