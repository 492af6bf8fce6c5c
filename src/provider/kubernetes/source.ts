/** Objects of one kind in one place. */
export interface Source {
  readonly kind: string;
  readonly apiVersion: string;
  /** `/apis/traefik.io/v1alpha1/namespaces/apps/middlewares` */
  readonly path: string;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}
