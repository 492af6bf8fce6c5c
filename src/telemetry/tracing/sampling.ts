import type { RemoteParent } from './trace-context.ts';

/** Decides whether a request is recorded. */
export type Sampler = (traceId: string, parent: RemoteParent | undefined) => boolean;

const always: Sampler = () => true;
const never: Sampler = () => false;

/**
 * By the trace id, so that all parties with the same rate choose the same traces: the last 56 bits are compared with the
 * rate (W3C Trace Context level 2, random trace ids).
 */
function byRatio(rate: number): Sampler {
  if (rate >= 1) return always;
  if (rate <= 0) return never;
  // 48 bits fit a double exactly.
  const threshold = Math.round(rate * 2 ** 48);
  return (traceId) => Number.parseInt(traceId.slice(20), 16) < threshold;
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
