import type { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';

/** The same shape as the install option `otlp` of metrics, tracing and audit. */
export interface OtlpOptions {
  readonly http?: OtlpTarget | undefined;
  readonly grpc?: (OtlpTarget & { readonly insecure: boolean }) | undefined;
}

interface OtlpTarget {
  readonly endpoint?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls?:
    | {
        readonly ca?: string | undefined;
        readonly cert?: string | undefined;
        readonly key?: string | undefined;
        readonly insecureSkipVerify: boolean;
      }
    | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** How one signal is sent, after options and environment. */
export interface OtlpRoute {
  readonly protocol: 'http/protobuf' | 'grpc';
  /** Undefined: the exporter finds it in the environment, or takes the standard one. */
  readonly url: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: { ca?: Buffer; cert?: Buffer; key?: Buffer; rejectUnauthorized: boolean } | undefined;
}

/** Options go before `OTEL_EXPORTER_OTLP_*`; without either it is HTTP with protobuf to this machine. */
export function otlpRoute(
  options: OtlpOptions | undefined,
  signal: 'traces' | 'metrics' | 'logs',
  env: Environment,
): OtlpRoute {
  const named =
    env[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_PROTOCOL`] ?? env['OTEL_EXPORTER_OTLP_PROTOCOL'] ?? 'http/protobuf';
  const byGrpc = options?.grpc !== undefined || (options?.http === undefined && named === 'grpc');
  const target = byGrpc ? options?.grpc : options?.http;
  const endpoint = target?.endpoint;
  const secure = byGrpc && options?.grpc?.insecure !== true;
  return {
    protocol: byGrpc ? 'grpc' : 'http/protobuf',
    url:
      !byGrpc || endpoint === undefined || endpoint.includes('://')
        ? endpoint
        : `${secure ? 'https' : 'http'}://${endpoint}`,
    headers: target?.headers ?? {},
    tls: readTls(target?.tls),
  };
}

function readTls(tls: OtlpTarget['tls']): OtlpRoute['tls'] {
  if (tls === undefined) return undefined;
  return {
    rejectUnauthorized: !tls.insecureSkipVerify,
    ...(tls.ca === undefined ? {} : { ca: readFileSync(tls.ca) }),
    ...(tls.cert === undefined ? {} : { cert: readFileSync(tls.cert) }),
    ...(tls.key === undefined ? {} : { key: readFileSync(tls.key) }),
  };
}

/** Attributes that every signal carries: the service's name and version, and what operators add. */
export function resourceAttributesOf(
  options: {
    readonly serviceName?: string | undefined;
    readonly resourceAttributes?: Readonly<Record<string, string>> | undefined;
  },
  version: string,
  env: Environment,
): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const pair of (env['OTEL_RESOURCE_ATTRIBUTES'] ?? '').split(',')) {
    const [key, value] = pair.split('=', 2);
    if (key !== undefined && value !== undefined && key.trim() !== '') attributes[key.trim()] = decode(value.trim());
  }
  Object.assign(attributes, options.resourceAttributes);
  attributes['service.name'] =
    options.serviceName ?? env['OTEL_SERVICE_NAME'] ?? attributes['service.name'] ?? 'portcullis';
  attributes['service.version'] ??= version;
  return attributes;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
