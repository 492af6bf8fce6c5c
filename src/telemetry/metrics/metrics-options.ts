/** The same shape as the install option `metrics`, as far as counting goes. */
export interface MetricsOptions {
  readonly aliases: boolean;
  readonly toolNames: number;
  readonly prometheus?:
    | (Shown & {
        readonly buckets: readonly number[];
        /** Label → request header whose value it gets, in the counters of requests. */
        readonly headerLabels: Readonly<Record<string, string>>;
      })
    | undefined;
  readonly otlp?: (Shown & { readonly explicitBoundaries?: readonly number[] | undefined }) | undefined;
}

/** Which of Traefik's families are shown by one way of showing metrics. */
export interface Shown {
  readonly addEntryPointsLabels: boolean;
  readonly addRoutersLabels: boolean;
  readonly addServicesLabels: boolean;
}

const familyOf = /^traefik_(entrypoint|router|service)_re(?:quest|sponse)/;
const optionOf = {
  entrypoint: 'addEntryPointsLabels',
  router: 'addRoutersLabels',
  service: 'addServicesLabels',
} as const;

/** Whether an instrument is shown, by its name. Families that are not wanted are left out; without options all are in. */
export function compileShown(options: Shown | undefined): (name: string) => boolean {
  if (options === undefined) return () => true;
  return (name) => {
    const family = familyOf.exec(name)?.[1] as keyof typeof optionOf | undefined;
    return family === undefined || options[optionOf[family]];
  };
}

/** Whether an instrument is shown by any of the ways there are, and so need be counted. */
export function compileCounted({ prometheus, otlp }: MetricsOptions): (name: string) => boolean {
  const ways = [prometheus, otlp].filter((one) => one !== undefined).map(compileShown);
  return (name) => ways.length === 0 || ways.some((shown) => shown(name));
}

/** Traefik's bounds, so that its dashboards keep their meaning. */
const traefikBounds = [0.1, 0.3, 1.2, 5] as const;

/** Bounds of Traefik's histograms: what either way of showing them asks for. Finer buckets serve the other one as well. */
export function traefikBuckets({ prometheus, otlp }: MetricsOptions): readonly number[] {
  const pushed = otlp?.explicitBoundaries;
  if (pushed === undefined) return prometheus?.buckets ?? traefikBounds;
  return [...new Set([...(prometheus?.buckets ?? []), ...pushed])].sort((a, b) => a - b);
}
