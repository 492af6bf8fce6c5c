import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Diagnostic } from '../../../errors.ts';
import { diagnose } from '../../diagnose.ts';
import type { KeyPath, LoadBalancerConfig, ServerConfig, ServiceConfig } from '../model.ts';
import { type Service, service as serviceSchema } from '../schema/core-objects.ts';
import type { ServiceReference } from '../schema/service-reference.ts';
import { endpointServers, type PortReference } from './endpoint-servers.ts';
import { objectName, servicePortName } from './names.ts';
import {
  addItem,
  crossProviderReference,
  decodeObject,
  type Referrer,
  refer,
  referredNamespace,
  referredObject,
  type Translation,
} from './translation.ts';

/** A service's qualified name, and what keeps whatever refers to it from working. */
export interface NamedService {
  readonly name: string;
  readonly problems: readonly Diagnostic[];
}

/**
 * Names the service that a reference means and, for a Service, adds the load balancer that the reference describes.
 *
 * @param ownName name for that load balancer, where the route gives it one
 */
export function nameService(
  translation: Translation,
  reference: ServiceReference,
  referrer: Referrer,
  ownName?: string,
): NamedService {
  const cross = crossProviderReference(translation, referrer, reference.name, ['name']);
  if (cross !== undefined) {
    if (reference.kind === 'TraefikService') return cross;
    return {
      name: reference.name,
      problems: [
        refer(
          referrer,
          ['name'],
          'a Service has no `@` in its name',
          'for another provider’s service write `kind: TraefikService`',
        ),
      ],
    };
  }
  const { namespace, problems } = referredNamespace(translation, referrer, reference.namespace);
  if (reference.kind === 'TraefikService') {
    const name = objectName(namespace, reference.name);
    if (problems.length > 0) return { name, problems };
    const found = referredObject(translation, referrer, 'TraefikService', {
      namespace,
      name: reference.name,
      field: ['name'],
    });
    return { name, problems: 'problem' in found ? [found.problem] : [] };
  }
  const balancer =
    problems.length > 0 ? { servers: [], problems } : findServers(translation, reference, referrer, namespace);
  const transport = transportName(translation, reference, referrer);
  const config: ServiceConfig = {
    kind: 'loadBalancer',
    loadBalancer: loadBalancer(reference, balancer.servers, transport.name),
  };
  const name =
    ownName ?? freeName(translation, servicePortName(namespace, reference.name, reference.port ?? ''), config);
  const all = [...balancer.problems, ...transport.problems];
  if (ownName !== undefined || !translation.services.has(name)) {
    addItem(translation.services, { name, config, origin: referrer.origin, path: referrer.path, problems: all });
  }
  return { name, problems: all };
}

/** Two references to one Service may ask for different balancing: then they need two names. */
function freeName(translation: Translation, name: string, config: ServiceConfig): string {
  const wanted = JSON.stringify(config);
  const before = translation.services.get(name);
  if (before === undefined || JSON.stringify(before.config) === wanted) return name;
  const [plain, provider] = name.split('@');
  return `${plain}-${createHash('sha256').update(wanted).digest('hex').slice(0, 8)}@${provider}`;
}

function loadBalancer(
  reference: ServiceReference,
  servers: readonly ServerConfig[],
  serversTransport: string | undefined,
): LoadBalancerConfig {
  const { strategy, sticky, healthCheck, passiveHealthCheck, passHostHeader } = reference;
  return { servers, strategy, sticky, healthCheck, passiveHealthCheck, passHostHeader, serversTransport };
}

function transportName(
  translation: Translation,
  reference: ServiceReference,
  referrer: Referrer,
): { name: string | undefined; problems: readonly Diagnostic[] } {
  const { serversTransport } = reference;
  const field: KeyPath = ['serversTransport'];
  if (serversTransport === undefined) return { name: undefined, problems: [] };
  const cross = crossProviderReference(translation, referrer, serversTransport, field);
  if (cross !== undefined) return cross;
  const found = referredObject(translation, referrer, 'ServersTransport', {
    namespace: referrer.namespace,
    name: serversTransport,
    field,
  });
  return {
    name: objectName(referrer.namespace, serversTransport),
    problems: 'problem' in found ? [found.problem] : [],
  };
}

interface Servers {
  readonly servers: readonly ServerConfig[];
  readonly problems: readonly Diagnostic[];
}

function findServers(
  translation: Translation,
  reference: ServiceReference,
  referrer: Referrer,
  namespace: string,
): Servers {
  const found = referredObject(translation, referrer, 'Service', { namespace, name: reference.name, field: ['name'] });
  if ('problem' in found) return { servers: [], problems: [found.problem] };
  const decoded = decodeObject(translation, found.object, serviceSchema);
  if (!decoded.ok) return { servers: [], problems: decoded.problems };
  const { spec } = decoded.value;
  const port = findPort(translation, reference, referrer, { namespace, spec });
  if ('problem' in port) return { servers: [], problems: [port.problem] };
  const scheme = reference.scheme ?? (port.number === 443 || port.name.startsWith('https') ? 'https' : 'http');
  if (spec.type === 'ExternalName') {
    if (translation.options.allowExternalNameServices === false) {
      const message = `Service ${namespace}/${reference.name} is of type ExternalName, which is not allowed here`;
      return { servers: [], problems: [refer(referrer, ['name'], message, 'see allowExternalNameServices')] };
    }
    return { servers: [server(scheme, spec.externalName ?? '', port.number)], problems: [] };
  }
  if (reference.nativeLB && spec.clusterIP !== undefined && spec.clusterIP !== 'None' && spec.clusterIP !== '') {
    return { servers: [server(scheme, spec.clusterIP, port.number)], problems: [] };
  }
  const addresses = endpointServers(translation, { namespace, name: reference.name, port });
  if ('problems' in addresses) return { servers: [], problems: addresses.problems };
  const servers = addresses.found.map(({ host, port: number }) => server(scheme, host, number));
  // In a cluster this is an ordinary moment, and answered with 503; in files it stays so for ever.
  const { admitted = false, allowEmptyServices = admitted } = translation.options;
  const empty = servers.length === 0 && !allowEmptyServices;
  return { servers, problems: empty ? [noEndpoints(found.object, addresses.slices)] : [] };
}

function noEndpoints(
  { namespace, name, origin }: { namespace: string; name: string; origin: Referrer['origin'] },
  slices: number,
): Diagnostic {
  return diagnose(origin, ['metadata', 'name'], {
    code: 'CONFIG_REFERENCE',
    severity: 'error',
    message:
      slices === 0
        ? `Service ${namespace}/${name} has no endpoints`
        : `no endpoint of Service ${namespace}/${name} is ready on this port`,
    hint:
      slices === 0
        ? 'files know no pods: add an EndpointSlice with the label `kubernetes.io/service-name`, or write `type: ExternalName`'
        : 'the ports of the EndpointSlice must have the names that the ports of the Service have',
  });
}

function findPort(
  translation: Translation,
  reference: ServiceReference,
  referrer: Referrer,
  { namespace, spec }: { namespace: string; spec: Service['spec'] },
): PortReference | { readonly problem: Diagnostic } {
  const known = spec.ports.map(({ name, port }) => (name === undefined ? `${port}` : `${port} (${name})`)).join(', ');
  const hint = known === '' ? undefined : `the Service has: ${known}`;
  const { port } = reference;
  if (port === undefined) {
    const problem = refer(referrer, ['port'], 'a reference to a Service needs `port`', hint);
    return { problem: { ...problem, code: 'CONFIG_MISSING_KEY' } };
  }
  const match = spec.ports.find(
    (candidate) => candidate.port === port || (candidate.name !== undefined && candidate.name === port),
  );
  if (match !== undefined) return { number: match.port, name: match.name ?? '' };
  if (spec.type !== 'ExternalName' || typeof port === 'string') {
    return {
      problem: refer(referrer, ['port'], `Service ${namespace}/${reference.name} has no port \`${port}\``, hint),
    };
  }
  if (spec.ports.length > 0) {
    const message = `Service ${namespace}/${reference.name} does not list port ${port}; it is used all the same`;
    translation.problems.push({ ...refer(referrer, ['port'], message, hint), severity: 'warning' });
  }
  return { number: port, name: '' };
}

function server(scheme: string, host: string, port: number): ServerConfig {
  return { url: `${scheme}://${isIPv6(host) ? `[${host}]` : host}:${port}`, weight: 1 };
}
