import type { Diagnostic } from '../../../errors.ts';
import { endpointSlice, endpoints } from '../schema/core-objects.ts';
import { decodeObject, type Translation } from './translation.ts';

/** A port of a Service: endpoints refer to it by name. */
export interface PortReference {
  readonly number: number;
  /** Empty when it has none. */
  readonly name: string;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface WantedEndpoints {
  readonly namespace: string;
  readonly name: string;
  readonly port: PortReference;
}

/** The ready endpoints of a Service on one of its ports, each once; `slices` counts the objects that were looked at. */
export function endpointServers(
  translation: Translation,
  wanted: WantedEndpoints,
): { readonly found: readonly Address[]; readonly slices: number } | { readonly problems: readonly Diagnostic[] } {
  const slices = translation.objects
    .all('EndpointSlice')
    .filter(
      (slice) => slice.namespace === wanted.namespace && slice.labels['kubernetes.io/service-name'] === wanted.name,
    );
  const found = new Map<string, Address>();
  const problems: Diagnostic[] = [];
  const add = (host: string, port: number): void => {
    found.set(`${host} ${port}`, { host, port });
  };

  for (const slice of slices) {
    const decoded = decodeObject(translation, slice, endpointSlice);
    if (!decoded.ok) {
      problems.push(...decoded.problems);
      continue;
    }
    const ports = (decoded.value.ports ?? []).filter(({ name }) => (name ?? '') === wanted.port.name);
    for (const endpoint of decoded.value.endpoints ?? []) {
      const [host] = endpoint.addresses;
      // Absent means unknown, which the API asks to read as ready.
      if (host === undefined || endpoint.conditions?.ready === false) continue;
      for (const { port } of ports) if (typeof port === 'number') add(host, port);
    }
  }
  const legacy = slices.length === 0 ? translation.objects.get('Endpoints', wanted.namespace, wanted.name) : undefined;
  if (legacy !== undefined) {
    const decoded = decodeObject(translation, legacy, endpoints);
    if (!decoded.ok) return { problems: decoded.problems };
    for (const { addresses, ports } of decoded.value.subsets) {
      for (const { port, name } of ports) {
        if ((name ?? '') === wanted.port.name) for (const { ip } of addresses) add(ip, port);
      }
    }
  }
  if (problems.length > 0) return { problems };
  return { found: [...found.values()], slices: slices.length + (legacy === undefined ? 0 : 1) };
}
