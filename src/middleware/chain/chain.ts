import * as z from 'zod';
import type { Middleware, MiddlewareDefinition } from '../definition.ts';

const reference = z.union([
  z.string().min(1),
  z.strictObject({
    name: z.string().min(1).describe('Name of the middleware.'),
    namespace: z.string().min(1).optional().describe('Its namespace; the own one when absent.'),
  }),
]);

const options = z
  .strictObject({
    middlewares: z
      .array(reference)
      .min(1)
      .describe('The middlewares, in the order in which they see the request: names, or objects with `name`.'),
  })
  .describe('Names a sequence of middlewares, to be used as one.');

export type ChainOptions = z.output<typeof options>;

/** `chain`. Names without a provider mean the provider of the chain itself. */
export const chain: MiddlewareDefinition<ChainOptions> = {
  type: 'chain',
  summary: 'Uses several middlewares as one.',
  options,
  expands: chainedNames,
  async create(chainOptions, context) {
    const provider = context.name.slice(context.name.lastIndexOf('@') + 1);
    const links: Middleware[] = [];
    for (const name of chainedNames(chainOptions)) {
      links.push(await context.middleware(name.includes('@') ? name : `${name}@${provider}`));
    }
    return (next) => links.reduceRight((handler, link) => link(handler), next);
  },
};

function chainedNames(chainOptions: ChainOptions): string[] {
  return chainOptions.middlewares.map((link) => {
    if (typeof link === 'string') return link;
    return link.namespace === undefined ? link.name : `${link.namespace}-${link.name}`;
  });
}
