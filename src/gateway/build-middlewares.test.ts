import { describe, expect, test } from 'vitest';
import { keptLogger } from '../../test/support/kept-log.ts';
import type { Item, MiddlewareConfig } from '../config/dynamic/model.ts';
import { middlewareDefinitions } from '../middleware/registry.ts';
import { buildMiddlewares } from './build-middlewares.ts';
import { SharedState } from './shared-state.ts';

async function build(type: string, options: object) {
  const config = { type, options } as MiddlewareConfig;
  const origin = { provider: 'file', label: 'm', locate: () => undefined, line: () => undefined };
  const item: Item<MiddlewareConfig> = { name: 'm@file', config, origin, path: [type], problems: [] };
  const disposers: (() => void)[] = [];
  const builds = buildMiddlewares({
    generation: 1,
    definitions: new Map(middlewareDefinitions.map((definition) => [definition.type, definition])),
    items: new Map([[item.name, item]]),
    log: keptLogger,
    shared: new SharedState(),
    install: { maxRequestBodySize: 1 },
    dispatcher: undefined,
    onDispose: (callback) => disposers.push(callback),
    onServing: () => {},
    onRetired: () => {},
    service: () => Promise.resolve(undefined),
  });
  const built = await builds.get(item.name);
  for (const dispose of disposers) dispose();
  return { built: built !== undefined, told: builds.problems.get(item.name) ?? [] };
}

const address = 'http://127.0.0.1:1';

describe('options that people bring along', () => {
  test.each([
    ['headers', { frameDeny: true, featurePolicy: 'x' }, 'error', 'featurePolicy', 'Write `permissionsPolicy`'],
    ['headers', { sslRedirect: true }, 'error', 'sslRedirect', 'redirectScheme'],
    ['headers', { sslTemporaryRedirect: false }, 'error', 'sslTemporaryRedirect', 'redirectScheme'],
    ['headers', { sslHost: 'a' }, 'error', 'sslHost', 'redirectScheme'],
    ['headers', { sslForceHost: true }, 'error', 'sslForceHost', 'redirectScheme'],
    ['forwardAuth', { address, tls: { caOptional: true } }, 'warning', 'tls.caOptional', 'never had an effect'],
    ['plugin.mcp', { gracefulErrors: true }, 'error', 'gracefulErrors', 'statusCodeOnDeny: 200'],
    ['plugin.mcp', { allowedTools: ['a'] }, 'error', 'allowedTools', 'policies'],
  ] as const)('%s %j: %s', async (type, options, severity, path, hint) => {
    const { built, told } = await build(type, options);
    expect(built).toBe(severity === 'warning');
    expect(told).toEqual([
      expect.objectContaining({
        code: 'CONFIG_UNSUPPORTED',
        severity,
        subject: expect.stringContaining(path),
        hint: expect.stringContaining(hint),
      }),
    ]);
  });

  test.each([
    ['digestAuth', 'use basicAuth over TLS'],
    ['ipWhiteList', 'rename it to ipAllowList'],
    ['stripPrefx', 'did you mean stripPrefix?'],
    ['unlike-any-other', 'known types: '],
  ])('the type %s: %s', async (type, hint) => {
    const { built, told } = await build(type, {});
    expect(built).toBe(false);
    expect(told).toEqual([expect.objectContaining({ severity: 'error', hint: expect.stringContaining(hint) })]);
  });
});
