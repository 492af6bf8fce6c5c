import * as z from 'zod';
import type { MiddlewareDefinition } from '../definition.ts';
import { isPlainPath } from '../plain-path.ts';

const options = z
  .strictObject({
    path: z
      .string()
      .refine(isPlainPath, 'must be a path: begin with /, no empty or dot segments, no query')
      .describe('The path that goes upstream. Begins with `/`; other characters than ASCII are percent-encoded.'),
  })
  .describe('Replaces the whole path; the query stays.');

export type ReplacePathOptions = z.output<typeof options>;

/** `replacePath`. The path before is reported in `X-Replaced-Path`. */
export const replacePath: MiddlewareDefinition<ReplacePathOptions> = {
  type: 'replacePath',
  summary: 'Replaces the whole path.',
  options,
  create({ path }) {
    return (next) => (exchange) => {
      exchange.headers.append('X-Replaced-Path', exchange.path);
      exchange.path = path;
      return next(exchange);
    };
  },
};
