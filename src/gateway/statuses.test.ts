import { describe, expect, test } from 'vitest';
import type { DynamicConfiguration, Item, RouterConfig, ServiceConfig } from '../config/dynamic/model.ts';
import { itemStatuses } from './statuses.ts';

function item<Config>(name: string, config: Config): Item<Config> {
  const origin = { provider: 'file', label: name, locate: () => undefined, line: () => undefined };
  return { name, config, origin, path: [], problems: [] };
}

function statusesOf(parts: { readonly routers?: RouterConfig[]; readonly services?: ServiceConfig[] }) {
  const named = <Config>(list: readonly Config[] = []) =>
    new Map(list.map((config, index) => [`n${index}@file`, item(`n${index}@file`, config)]));
  const configuration = {
    routers: named(parts.routers),
    services: named(parts.services),
    middlewares: new Map(),
    serversTransports: new Map(),
    tls: {} as DynamicConfiguration['tls'],
    problems: [],
  };
  const problems = { router: new Map(), service: new Map(), middleware: new Map() };
  const handlers = new Map([['web', () => Promise.reject(new Error())]]);
  const routers = [{ name: 'n0@file', handlers }];
  return itemStatuses({ configuration, problems, pinned: new Map(), routers }).map((status) => status.config);
}

describe('[AR-admin] what is told of items', () => {
  const router = { entryPoints: [], rule: 'Path(`/é`)', middlewares: [], service: 's@file' };
  test.each<[string, Partial<RouterConfig>, object]>([
    ['the length of the rule is its priority', {}, { priority: 11 }],
    ['0 stands for the length of the rule', { priority: 0 }, { priority: 11 }],
    ['a priority that was given', { priority: -3 }, { priority: -3 }],
    ['where it is served', {}, { using: ['web'], entryPoints: ['web'] }],
    ['where it was wanted, too', { entryPoints: ['web', 'x'] }, { using: ['web'], entryPoints: ['web', 'x'] }],
  ])('a router: %s', (_name, config, expected) => {
    expect(statusesOf({ routers: [{ ...router, ...config }] })[0]).toMatchObject(expected);
  });

  test('a router that did not come about is served nowhere', () => {
    expect(statusesOf({ routers: [router, router] })[1]).toMatchObject({ using: [], entryPoints: [] });
  });

  test('[SEC-no-secret-in-errors] a service: not what health checks authenticate with', () => {
    const healthCheck = {
      path: '/',
      headers: { Authorization: 'Bearer abc', 'X-Api-Key': 'abc', Accept: 'text/plain' },
    };
    const services = [{ kind: 'loadBalancer', loadBalancer: { healthCheck } } as unknown as ServiceConfig];
    const [told] = statusesOf({ services });
    expect(JSON.stringify(told)).not.toContain('abc');
    expect(JSON.stringify(told)).toContain('text/plain');
  });
});
