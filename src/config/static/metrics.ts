import * as z from 'zod';
import { otlpKeys, resourceAttributes, serviceName } from './otlp.ts';
import { duration, toggle } from './values.ts';

const bounds = z.array(z.number().positive()).min(1).refine(rises, { error: 'bounds must rise' });

const headerName = z.string().regex(/^[A-Za-z0-9-]+$/, { error: 'expected the name of a header' });

const prometheus = z.strictObject({
  entryPoint: z
    .string()
    .optional()
    .describe('Entrypoint that serves `/metrics`. Default: `admin`, or `traefik` where that one is configured.'),
  buckets: bounds
    .default([0.1, 0.3, 1.2, 5])
    .describe('Bounds in seconds of the `traefik_*_request_duration_seconds` histograms.'),
  addEntryPointsLabels: z.boolean().default(true).describe('Counts per entrypoint: `traefik_entrypoint_*`.'),
  addRoutersLabels: z.boolean().default(true).describe('Counts per router: `traefik_router_*`.'),
  addServicesLabels: z.boolean().default(true).describe('Counts per service: `traefik_service_*`.'),
  headerLabels: z
    .record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, { error: 'expected the name of a label' }), headerName)
    .default({})
    .describe(
      'Label → request header whose value it gets, in `traefik_*_requests_total`. A hundred values each, then `_other`; credentials are redacted.',
    ),
  manualRouting: z.boolean().default(false).describe('Does not serve `/metrics`; for push only.'),
});

const push = z.strictObject({
  ...otlpKeys,
  pushInterval: duration
    .prefault('10s')
    .describe('Time between two pushes. `OTEL_METRIC_EXPORT_INTERVAL` overrides it.'),
  addEntryPointsLabels: z.boolean().default(true).describe('Pushes counts per entrypoint: `traefik_entrypoint_*`.'),
  addRoutersLabels: z.boolean().default(true).describe('Pushes counts per router: `traefik_router_*`.'),
  addServicesLabels: z.boolean().default(true).describe('Pushes counts per service: `traefik_service_*`.'),
  explicitBoundaries: bounds
    .optional()
    .describe(
      'Bounds in seconds of the `traefik_*_request_duration_seconds` histograms. Where `/metrics` is served too, they have these bounds and those of `metrics.prometheus.buckets`.',
    ),
  serviceName,
  resourceAttributes,
});

const section = z.strictObject({
  prometheus: toggle(prometheus).prefault(true).describe('The `/metrics` endpoint. `false` switches it off.'),
  otlp: toggle(push).optional().describe('Pushes to an OpenTelemetry collector. `true`: to this machine over HTTP.'),
  toolNames: z
    .int()
    .min(0)
    .max(10_000)
    .default(200)
    .describe('Most names of tools and prompts per router that become labels; further ones are `_other`.'),
  aliases: z
    .boolean()
    .default(false)
    .describe('Adds the older attribute name `mcp.tool.name` beside `gen_ai.tool.name`.'),
});

function rises(list: readonly number[]): boolean {
  return list.every((bound, index) => index === 0 || bound > (list[index - 1] ?? 0));
}

export const metrics = toggle(section);
