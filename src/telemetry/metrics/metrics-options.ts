/** The same shape as the install option `metrics`, as far as counting goes. */
export interface MetricsOptions {
  readonly aliases: boolean;
  readonly toolNames: number;
  readonly prometheus?:
    | {
        readonly buckets: readonly number[];
        readonly addEntryPointsLabels: boolean;
        readonly addRoutersLabels: boolean;
        readonly addServicesLabels: boolean;
        /** Label → request header whose value it gets, in the counters of requests. */
        readonly headerLabels: Readonly<Record<string, string>>;
      }
    | undefined;
}
