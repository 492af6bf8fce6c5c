import { createHash } from 'node:crypto';

/** Names as Traefik makes them, so that logs, dashboards and cross-references read the same. */

/** The provider in the names of whatever was written as a Kubernetes object, in a file or on an API server. */
export const objectProvider = 'kubernetescrd';

/** Words of letters and digits, joined by `-`. */
export function normalizeName(text: string): string {
  return text
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .join('-');
}

/** `apps-deepwiki-mcp-jwt@kubernetescrd` */
export function objectName(namespace: string, name: string): string {
  return qualify(normalizeName(`${namespace}-${name}`));
}

/** A router is called by its IngressRoute and its rule: there may be several in one. */
export function routerName(namespace: string, ingressRoute: string, rule: string): string {
  const digest = createHash('sha256').update(rule).digest('hex').slice(0, 20);
  return objectName(namespace, `${ingressRoute}-${digest}`);
}

/** The load balancer made for a Service inside a composed service. */
export function servicePortName(namespace: string, service: string, port: string | number): string {
  return objectName(namespace, `${service}-${port}`);
}

function qualify(name: string): string {
  return `${name}@${objectProvider}`;
}
