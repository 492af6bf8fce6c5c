import { decode, valueAt } from '../../decode.ts';
import { resolveOptions } from '../manifests/resolve-options.ts';
import { addItem, addRouter, refuseUnsupported, type Translation } from '../manifests/translation.ts';
import { middlewareType } from '../middleware-type.ts';
import type { Origin, ServiceConfig } from '../model.ts';
import * as schema from '../schema/routing-file.ts';
import { decodeItem, type FileItem, itemsOf } from './file-item.ts';
import { qualifyFileName } from './file-names.ts';
import { fileOptions } from './file-options.ts';
import { translateTls } from './translate-tls.ts';
import { translateTransport } from './translate-transport.ts';

/** Translates a file in Traefik's own format. Secret references in it mean Secrets of the namespace `default`. */
export function translateRoutingFile(translation: Translation, value: unknown, origin: Origin): void {
  const outline = refuseUnsupported(
    translation,
    schema.routingFileOutline,
    decode(schema.routingFileOutline, value, origin),
    { value, origin, path: [] },
  );
  if (!outline.ok) translation.problems.push(...outline.problems);
  const each = (
    section: string,
    called: string,
    translate: (translation: Translation, item: FileItem) => void,
  ): void => {
    for (const item of itemsOf(value, origin, ['http', section], called)) translate(translation, item);
  };
  each('serversTransports', 'servers transport', translateTransport);
  each('services', 'service', translateService);
  each('middlewares', 'middleware', translateMiddleware);
  each('routers', 'router', translateRouter);
  translateTls(translation, value, origin);
}

function translateRouter(translation: Translation, item: FileItem): void {
  const decoded = decodeItem(translation, item, schema.router);
  const { name, origin, path } = item;
  if (!decoded.ok) {
    // Its rule still claims its requests, so that they are refused and do not fall through to a wider router.
    const [rule, priority, tls, service] = ['rule', 'priority', 'tls', 'service'].map((key) =>
      valueAt(item.value, [key]),
    );
    const entryPoints = valueAt(item.value, ['entryPoints']);
    const config = {
      rule: typeof rule === 'string' ? rule : '',
      priority: Number.isInteger(priority) ? Number(priority) : undefined,
      entryPoints: Array.isArray(entryPoints) ? entryPoints.filter((entry) => typeof entry === 'string') : [],
      middlewares: [],
      service: typeof service === 'string' && service !== '' ? qualifyFileName(service) : '',
      tls: tls === undefined ? undefined : {},
    };
    addRouter(translation.routers, { name, config, origin, path, problems: [...item.problems, ...decoded.problems] });
    return;
  }
  const { rule, priority, entryPoints, middlewares, service, tls } = decoded.value;
  const options = tls?.options;
  const config = {
    rule,
    priority,
    entryPoints,
    middlewares: middlewares.map(qualifyFileName),
    service: qualifyFileName(service),
    tls:
      tls === undefined
        ? undefined
        : options === undefined
          ? {}
          : { options: options === 'default' ? options : qualifyFileName(options) },
  };
  addRouter(translation.routers, { name, config, origin, path, problems: item.problems });
}

function translateMiddleware(translation: Translation, item: FileItem): void {
  const { name, origin } = item;
  const decoded = decodeItem(translation, item, schema.middleware);
  const found = decoded.ok ? middlewareType(decoded.value, origin, item.path) : undefined;
  if (!decoded.ok || found === undefined || found.problem !== undefined) {
    const problems = decoded.ok ? [found?.problem].filter((problem) => problem !== undefined) : decoded.problems;
    addItem(translation.middlewares, {
      name,
      config: { type: '', options: {} },
      origin,
      path: item.path,
      problems: [...item.problems, ...problems],
    });
    return;
  }
  const { config, problems } = resolveOptions(
    translation,
    found,
    { namespace: 'default', origin, path: found.path },
    fileOptions,
  );
  addItem(translation.middlewares, {
    name,
    config,
    origin,
    path: found.path,
    problems: [...item.problems, ...problems],
  });
}

function translateService(translation: Translation, item: FileItem): void {
  const decoded = decodeItem(translation, item, schema.service);
  const { name, origin, path } = item;
  const [kind] = decoded.ok ? (Object.entries(decoded.value).find(([, part]) => part !== undefined) ?? []) : [];
  addItem(translation.services, {
    name,
    config: decoded.ok ? serviceConfig(decoded.value) : brokenService,
    origin,
    path: kind === undefined ? path : [...path, kind],
    problems: [...item.problems, ...(decoded.ok ? [] : decoded.problems)],
  });
}

const brokenService: ServiceConfig = { kind: 'weighted', services: [] };
const qualifyShares = (services: readonly { readonly name: string; readonly weight: number }[]) =>
  services.map(({ name, weight }) => ({ name: qualifyFileName(name), weight }));

function serviceConfig({
  loadBalancer,
  weighted,
  highestRandomWeight,
  mirroring,
  failover,
}: schema.RoutingFileService): ServiceConfig {
  if (loadBalancer !== undefined) {
    const { responseForwarding, serversTransport, ...balancer } = loadBalancer;
    const transport = serversTransport === undefined ? undefined : qualifyFileName(serversTransport);
    return { kind: 'loadBalancer', loadBalancer: { ...balancer, serversTransport: transport } };
  }
  if (weighted !== undefined)
    return { kind: 'weighted', services: qualifyShares(weighted.services), sticky: weighted.sticky };
  if (highestRandomWeight !== undefined)
    return { kind: 'highestRandomWeight', services: qualifyShares(highestRandomWeight.services) };
  if (mirroring !== undefined) {
    return {
      kind: 'mirroring',
      service: qualifyFileName(mirroring.service),
      mirrors: mirroring.mirrors.map(({ name, percent }) => ({ name: qualifyFileName(name), percent })),
      mirrorBody: mirroring.mirrorBody,
      maxBodySize: mirroring.maxBodySize,
    };
  }
  if (failover !== undefined) {
    return {
      kind: 'failover',
      service: qualifyFileName(failover.service),
      fallback: qualifyFileName(failover.fallback),
      errors: failover.errors,
    };
  }
  return brokenService;
}
