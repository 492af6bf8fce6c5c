/** How the API server is reached, and which of its objects count. Durations in milliseconds. */
export interface KubernetesOptions {
  /** URL of the API server; absent: the cluster that this process runs in, else the kubeconfig. */
  readonly endpoint?: string | undefined;
  /** A bearer token, or the absolute path of a file with one, which is read again for every request. */
  readonly token?: string | undefined;
  /** File with the authorities that may have signed the API server's certificate, PEM. */
  readonly certAuthFilePath?: string | undefined;
  /** Empty: all namespaces. */
  readonly namespaces: readonly string[];
  /** Objects of the routing kinds must have these labels. */
  readonly labelSelector?: string | undefined;
  /** Only routes of this class; absent: those without a class, and those for `traefik` or `portcullis`. */
  readonly ingressClass?: string | undefined;
  /** Least time between two publications. */
  readonly throttleDuration: number;
  readonly allowCrossNamespace: boolean;
  readonly allowExternalNameServices: boolean;
  readonly allowEmptyServices: boolean;
  /** A watch that is silent for so long is begun again. */
  readonly watchIdleTimeout: number;
}
