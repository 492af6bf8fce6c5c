import type { RemoteParent } from './trace-context.ts';

/** Decides whether a request is recorded. */
export type Sampler = (traceId: string, parent: RemoteParent | undefined) => boolean;

const always: Sampler = () => true;
const never: Sampler = () => false;

/**
 * By the trace id, so that all parties with the same rate choose the same traces: the last 56 bits are random (W3C Trace
 * Context level 2), and those that are not below the threshold are kept (OpenTelemetry, TraceState: probability sampling).
 */
function byRatio(rate: number): Sampler {
  if (rate >= 1) return always;
  if (rate <= 0) return never;
  // The first 48 bits of them: all 56 would not fit a double.
  const threshold = Math.round((1 - rate) * 2 ** 48);
  return (traceId) => Number.parseInt(traceId.slice(18, 30), 16) >= threshold;
}

/** Whoever began the trace has decided. */
function byParent(root: Sampler): Sampler {
  return (traceId, parent) => (parent === undefined ? root(traceId, parent) : parent.sampled);
}

/** Names of `OTEL_TRACES_SAMPLER`. */
const named: Readonly<Record<string, (rate: number) => Sampler>> = {
  always_on: () => always,
  always_off: () => never,
  traceidratio: byRatio,
  parentbased_always_on: () => byParent(always),
  parentbased_always_off: () => byParent(never),
  parentbased_traceidratio: (rate) => byParent(byRatio(rate)),
};

/** The sampler that the environment names, else the parent's choice and `sampleRate`. */
export function chooseSampler(sampleRate: number, env: Readonly<Record<string, string | undefined>>): Sampler {
  const make = named[env['OTEL_TRACES_SAMPLER'] ?? ''];
  if (make === undefined) return byParent(byRatio(sampleRate));
  const argument = Number(env['OTEL_TRACES_SAMPLER_ARG'] ?? 1);
  return make(Number.isFinite(argument) ? argument : 1);
}
