import type { Diagnostic } from '../../../errors.ts';
import type { KeyPath, ServiceConfig, WeightedService } from '../model.ts';
import type { ServiceReference } from '../schema/service-reference.ts';
import { type TraefikService, traefikService } from '../schema/traefik-service.ts';
import { objectName } from './names.ts';
import type { IndexedObject } from './object-index.ts';
import { nameService } from './translate-service.ts';
import { addItem, decodeObject, type Translation } from './translation.ts';

const broken: ServiceConfig = { kind: 'weighted', services: [] };

/** Makes a composed service, and the load balancers it is composed of. */
export function translateTraefikService(translation: Translation, object: IndexedObject): void {
  const { namespace, origin } = object;
  const problems: Diagnostic[] = [];
  const name = (reference: ServiceReference, path: KeyPath): string => {
    const named = nameService(translation, reference, { namespace, origin, path });
    problems.push(...named.problems);
    return named.name;
  };
  const decoded = decodeObject(translation, object, traefikService);
  if (!decoded.ok) problems.push(...decoded.problems);
  const config = decoded.ok ? compose(decoded.value.spec, name) : broken;
  const [kind] = decoded.ok ? (Object.entries(decoded.value.spec).find(([, part]) => part !== undefined) ?? []) : [];
  addItem(translation.services, {
    name: objectName(namespace, object.name),
    config,
    origin,
    path: kind === undefined ? ['spec'] : ['spec', kind],
    problems,
  });
}

function compose(
  spec: TraefikService['spec'],
  name: (reference: ServiceReference, path: KeyPath) => string,
): ServiceConfig {
  const { weighted, mirroring, highestRandomWeight, failover } = spec;
  const shares = (services: readonly ServiceReference[], kind: string): WeightedService[] =>
    services.map((reference, index) => ({
      name: name(reference, ['spec', kind, 'services', index]),
      weight: reference.weight ?? 1,
    }));
  if (weighted !== undefined) {
    return { kind: 'weighted', services: shares(weighted.services, 'weighted'), sticky: weighted.sticky };
  }
  if (highestRandomWeight !== undefined) {
    return { kind: 'highestRandomWeight', services: shares(highestRandomWeight.services, 'highestRandomWeight') };
  }
  if (mirroring !== undefined) {
    return {
      kind: 'mirroring',
      service: name(mirroring, ['spec', 'mirroring']),
      mirrors: mirroring.mirrors.map((mirror, index) => ({
        name: name(mirror, ['spec', 'mirroring', 'mirrors', index]),
        percent: mirror.percent,
      })),
      mirrorBody: mirroring.mirrorBody,
      maxBodySize: mirroring.maxBodySize,
    };
  }
  if (failover !== undefined) {
    return {
      kind: 'failover',
      service: name(failover.service, ['spec', 'failover', 'service']),
      fallback: name(failover.fallback, ['spec', 'failover', 'fallback']),
      errors: failover.errors,
    };
  }
  return broken;
}
