import { describe, expect, it } from 'vitest';
import { collectProblems, emptyConfiguration, mergeConfigurations } from '../merge.ts';
import type { Origin } from '../model.ts';
import { normalizeName, routerName } from './names.ts';
import { type TranslateOptions, translateObjects } from './translate-objects.ts';

/** Where objects of an API server come from: no file, no lines. */
const origin: Origin = { provider: 'kubernetescrd', label: '', locate: () => undefined, line: () => undefined };
const translate = (values: readonly object[], options?: TranslateOptions) =>
  translateObjects(
    values.map((value) => ({ value, origin })),
    options,
  );

const service = (spec: object, namespace = 'default') => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'wiki', namespace },
  spec,
});
const route = (reference: object, namespace = 'default') => ({
  apiVersion: 'traefik.io/v1alpha1',
  kind: 'IngressRoute',
  metadata: { name: 'wiki', namespace },
  spec: { routes: [{ match: 'Host(`a.example`)', services: [reference] }] },
});
const external = { type: 'ExternalName', externalName: 'mcp.example.com' };
const messages = (configuration: ReturnType<typeof translate>) =>
  collectProblems(configuration).map(({ message }) => message);

describe('objects of an API server', () => {
  it('have problems without places', () => {
    const configuration = translate([route({ name: 'wiki', port: 80 })]);
    expect(collectProblems(configuration)).toEqual([
      {
        code: 'CONFIG_REFERENCE',
        severity: 'error',
        message: 'Service default/wiki does not exist',
        hint: undefined,
        subject: 'IngressRoute default/wiki: spec.routes[0].services[0].name',
      },
    ]);
  });

  it('may have fields that are newer than we are, if they are of the API server itself', () => {
    const newer = { ...service({ ...external, fieldOfTheFuture: [{ a: 1 }] }), another: true };
    expect(messages(translate([newer], { admitted: true }))).toEqual([]);
    expect(messages(translate([newer]))).toEqual(['unknown key `fieldOfTheFuture`', 'unknown key `another`']);
  });

  it('may not have fields in our kinds that we do not know', () => {
    const typo = route({ name: 'wiki', port: 443, passHostheader: false });
    expect(messages(translate([service(external), typo], { admitted: true }))).toEqual([
      'unknown key `passHostheader`',
    ]);
  });

  it('may be without endpoints for a moment: the service is there and has no server', () => {
    const objects = [service({ ports: [{ port: 80 }] }), route({ name: 'wiki', port: 80 })];
    const configuration = translate(objects, { admitted: true });
    expect(messages(configuration)).toEqual([]);
    expect([...configuration.services.values()][0]?.config).toMatchObject({ loadBalancer: { servers: [] } });
    expect(messages(translate(objects))).toEqual(['Service default/wiki has no endpoints']);
  });

  it.each([false, true])('reach other namespaces only when that is allowed (%s)', (allowCrossNamespace) => {
    const configuration = translate(
      [service(external, 'other'), route({ name: 'wiki', namespace: 'other', port: 443 })],
      { allowCrossNamespace },
    );
    expect(messages(configuration)).toEqual(
      allowCrossNamespace ? [] : ['objects of namespace `other` may not be referred to from `default`'],
    );
  });

  it.each([
    null,
    undefined,
    'text',
    7,
    [],
    {},
    { kind: 'Service' },
    { kind: {}, apiVersion: [] },
    { kind: 'List', apiVersion: 'v1', items: [null, 7] },
  ])('that are none give problems, not exceptions: %j', (value) => {
    expect(collectProblems(translateObjects([{ value, origin }])).length).toBeGreaterThan(0);
  });
});

describe('names', () => {
  it.each([
    ['apps-deepwiki-mcp-jwt', 'apps-deepwiki-mcp-jwt'],
    ['a.b_c/d--e', 'a-b-c-d-e'],
    ['-a-', 'a'],
    ['grün.ß', 'grün-ß'],
  ])('%s are normalised to %s', (name, expected) => {
    expect(normalizeName(name)).toBe(expected);
  });

  it('[AR-names] of routers hold the digest of their rule', () => {
    expect(routerName('apps', 'deepwiki-mcp-route', 'Host(`mcp.localhost`) && PathPrefix(`/deepwiki-mcp`)')).toBe(
      'apps-deepwiki-mcp-route-a7a0b93998ce541df8b5@kubernetescrd',
    );
  });
});

describe('merging', () => {
  it('closes both of two routers of one name', () => {
    const one = translate([service(external), route({ name: 'wiki', port: 443 })]);
    const merged = mergeConfigurations([one, emptyConfiguration, one]);
    expect(
      [...merged.routers.values()].map(({ config, problems }) => [config.rule, problems.map(({ code }) => code)]),
    ).toEqual([
      ['Host(`a.example`)', ['CONFIG_DUPLICATE']],
      ['Host(`a.example`)', ['CONFIG_DUPLICATE']],
    ]);
    expect(new Set([...merged.routers.values()].map(({ name }) => name)).size).toBe(2);
  });

  it('of one configuration changes nothing', () => {
    const one = translate([service(external), route({ name: 'wiki', port: 443 })]);
    expect(mergeConfigurations([one])).toEqual({ ...one, tls: { ...one.tls, defaultCertificate: undefined } });
  });
});
