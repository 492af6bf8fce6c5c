/** The embedding API: a gateway inside another program. The policy engine alone is `portcullis/policy`. */
export { loadStaticConfiguration } from './config/static/load.ts';
export type { StaticConfiguration } from './config/static/schema.ts';
export { type Diagnostic, type ErrorCode, errorCodes, formatDiagnostic, PortcullisError } from './errors.ts';
export { type Gateway, type GatewayOptions, startGateway } from './gateway/gateway.ts';
export { type LogFields, type Logger, type LogLevel, silentLogger } from './telemetry/log.ts';
