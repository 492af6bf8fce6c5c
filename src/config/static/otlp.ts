import * as z from 'zod';
import { toggle } from './values.ts';

const tls = z.strictObject({
  ca: z
    .string()
    .min(1)
    .optional()
    .describe('File with the authorities that the collector’s certificate may come from.'),
  cert: z.string().min(1).optional().describe('File with the certificate that the gateway shows.'),
  key: z.string().min(1).optional().describe('File with its private key.'),
  insecureSkipVerify: z.boolean().default(false).describe('Takes whatever certificate the collector shows.'),
});

const headers = z
  .record(z.string().min(1), z.string())
  .default({})
  .meta({ secret: true })
  .describe('Headers of each export, for instance an API key.');

const http = z.strictObject({
  endpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Full URL. Default: what `OTEL_EXPORTER_OTLP_ENDPOINT` and its kin say, else port 4318 of this machine.'),
  headers,
  tls: tls.optional().describe('TLS towards the collector.'),
});

const grpc = z.strictObject({
  endpoint: z
    .string()
    .min(1)
    .optional()
    .describe('`host:port`. Default: what `OTEL_EXPORTER_OTLP_ENDPOINT` says, else `localhost:4317`.'),
  insecure: z.boolean().default(false).describe('Without TLS.'),
  headers,
  tls: tls.optional().describe('TLS towards the collector.'),
});

export const otlpKeys = {
  http: toggle(http).optional().describe('Over HTTP with protobuf, the default.'),
  grpc: toggle(grpc).optional().describe('Over gRPC.'),
};

/** Where a signal is pushed to. Without `grpc`: HTTP with protobuf. */
export const otlp = toggle(z.strictObject(otlpKeys));

export const serviceName = z
  .string()
  .min(1)
  .optional()
  .describe('`service.name` of the resource. Default: `OTEL_SERVICE_NAME`, else `portcullis`.');

export const resourceAttributes = z
  .record(z.string().min(1), z.string())
  .default({})
  .describe('More attributes of the resource, besides those of `OTEL_RESOURCE_ATTRIBUTES`.');
