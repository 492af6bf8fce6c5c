import { describe, expect, it } from 'vitest';
import { answer, answering, testExchange } from '../../../test/support/exchange.ts';
import { buildHandler, testContext } from '../../../test/support/middleware-context.ts';
import type { Middleware } from '../definition.ts';
import { chain } from './chain.ts';

describe('chain', () => {
  it('runs its middlewares in the order they are written', async () => {
    const tag =
      (name: string): Middleware =>
      (next) =>
      (exchange) => {
        exchange.headers.append('X-Order', name);
        return next(exchange);
      };
    const context = testContext({
      name: 'apps-all@file',
      middlewares: { 'one@file': tag('one'), 'ns-two@file': tag('two'), 'three@kubernetescrd': tag('three') },
    });
    const options = { middlewares: ['one', { name: 'two', namespace: 'ns' }, 'three@kubernetescrd'] };
    const exchange = testExchange();
    await answer(await buildHandler(chain, options, answering(204), context), exchange);
    expect(exchange.headers.getAll('x-order')).toEqual(['one', 'two', 'three']);
    expect(chain.expands?.(chain.options.parse(options))).toEqual(['one', 'ns-two', 'three@kubernetescrd']);
  });

  it('fails when a middleware is unknown', async () => {
    await expect(buildHandler(chain, { middlewares: ['gone'] }, answering(204))).rejects.toThrow('gone@file');
  });

  it('refuses an empty list', () => {
    expect(chain.options.safeParse({ middlewares: [] }).success).toBe(false);
  });
});
