import type * as z from 'zod';
import { isPlainObject } from '../../source/plain-value.ts';
import { createExternalTexts } from '../external-files.ts';
import { singleDefault } from '../merge.ts';
import type { DynamicConfiguration } from '../model.ts';
import { configMap, endpointSlice, endpoints, secret, service } from '../schema/core-objects.ts';
import { type IndexedObject, indexObjects, type SourceObject } from './object-index.ts';
import { translateIngressRoute } from './translate-ingress-route.ts';
import { translateMiddleware } from './translate-middleware.ts';
import { translateServersTransport } from './translate-servers-transport.ts';
import { translateTlsOption, translateTlsStore } from './translate-tls.ts';
import { translateTraefikService } from './translate-traefik-service.ts';
import { decodeObject, type TranslateOptions, type Translation } from './translation.ts';

export type { SourceObject } from './object-index.ts';
export type { TranslateOptions, Withheld } from './translation.ts';

/**
 * Translates Kubernetes objects, from files or from an API server, into routing configuration. Never throws on what is
 * in them: problems stand with the items they break, and with the configuration where they break none.
 */
export function translateObjects(
  objects: readonly SourceObject[],
  options: TranslateOptions = {},
): DynamicConfiguration {
  return finishTranslation(beginTranslation(objects, options));
}

/** Translates objects and leaves room for more items beside them. */
export function beginTranslation(objects: readonly SourceObject[], options: TranslateOptions): Translation {
  const index = indexObjects(objects.flatMap(unpackList));
  const translation: Translation = {
    objects: index,
    options,
    routers: new Map(),
    services: new Map(),
    middlewares: new Map(),
    serversTransports: new Map(),
    certificates: new Map(),
    defaultCertificates: [],
    tlsOptions: new Map(),
    problems: [...index.problems],
    texts: createExternalTexts(options.files ?? new Map()),
    decoded: new Map(),
  };
  // What nothing refers to is looked at too: a mistake in it is still a mistake.
  for (const [kind, schema] of referredKinds) {
    for (const object of index.all(kind)) {
      const decoded = decodeObject<unknown>(translation, object, schema);
      if (!decoded.ok) translation.problems.push(...decoded.problems);
    }
  }
  for (const [kind, translate] of translations) {
    for (const object of index.all(kind)) translate(translation, object);
  }
  return translation;
}

export function finishTranslation(translation: Translation): DynamicConfiguration {
  const { routers, services, middlewares, serversTransports, certificates, tlsOptions, problems } = translation;
  const tls = {
    certificates: [...certificates.values()],
    options: tlsOptions,
    defaultCertificate: singleDefault(translation.defaultCertificates),
  };
  return { routers, services, middlewares, serversTransports, tls, problems };
}

/** Kinds that are only referred to. */
const referredKinds: readonly (readonly [string, z.ZodType])[] = [
  ['Service', service],
  ['Secret', secret],
  ['ConfigMap', configMap],
  ['EndpointSlice', endpointSlice],
  ['Endpoints', endpoints],
];

/** Kinds that become items, in an order in which what is referred to comes first. */
const translations: readonly (readonly [string, (translation: Translation, object: IndexedObject) => void])[] = [
  ['ServersTransport', translateServersTransport],
  ['TraefikService', translateTraefikService],
  ['Middleware', translateMiddleware],
  ['TLSOption', translateTlsOption],
  ['TLSStore', translateTlsStore],
  ['IngressRoute', translateIngressRoute],
];

/** A `List`, as `kubectl get -o yaml` prints several objects. */
function unpackList({ value, origin }: SourceObject): SourceObject[] {
  if (!isPlainObject(value) || value['kind'] !== 'List' || !Array.isArray(value['items'])) return [{ value, origin }];
  return value['items'].flatMap((item: unknown, index) =>
    unpackList({
      value: item,
      origin: {
        provider: origin.provider,
        label: origin.label,
        locate: (path, options) => origin.locate(['items', index, ...path], options),
        line: (position) => origin.line(position),
      },
    }),
  );
}
