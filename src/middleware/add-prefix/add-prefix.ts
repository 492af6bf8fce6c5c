import * as z from 'zod';
import type { MiddlewareDefinition } from '../definition.ts';
import { isPlainPath } from '../plain-path.ts';

const options = z
  .strictObject({
    prefix: z
      .string()
      .refine(isPlainPath, 'must be a path: begin with /, no empty or dot segments, no query')
      .describe('What to put before the path. Begins with `/`.'),
  })
  .describe('Puts a prefix before the path.');

export type AddPrefixOptions = z.output<typeof options>;

/** `addPrefix`. Exactly one slash stands between the prefix and the path. */
export const addPrefix: MiddlewareDefinition<AddPrefixOptions> = {
  type: 'addPrefix',
  summary: 'Puts a prefix before the path.',
  options,
  create({ prefix }) {
    const head = prefix.replace(/\/$/, '');
    return (next) => (exchange) => {
      // A path that a strip emptied is written `/`. It was no slash of the client's, so none is added behind the prefix.
      const emptied = exchange.path === '/' && !exchange.originalPath.endsWith('/');
      exchange.path = emptied ? prefix : head + exchange.path;
      return next(exchange);
    };
  },
};
