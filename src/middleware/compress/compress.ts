import { Buffer } from 'node:buffer';
import * as z from 'zod';
import { PortcullisError } from '../../errors.ts';
import type { BodySource } from '../../http/body.ts';
import type { Exchange, Reply } from '../../http/exchange.ts';
import { HeldBody } from '../../http/held-body.ts';
import { Refusal } from '../../http/refusal.ts';
import { isStreaming, mediaType } from '../../http/streaming.ts';
import { addVary } from '../../http/vary.ts';
import type { MiddlewareDefinition } from '../definition.ts';
import { type Coding, chooseCoding } from './accept-encoding.ts';
import { compressBody, flowingBody } from './compressed-body.ts';

const coding = z.enum(['gzip', 'br', 'zstd']);

const options = z
  .strictObject({
    encodings: z
      .array(coding)
      .min(1)
      .prefault(['gzip', 'br', 'zstd'])
      .describe('Content codings to offer; between those that a client likes alike, the first one is used.'),
    defaultEncoding: coding.optional().describe('Content coding for clients that do not say which they can read.'),
    minResponseBodyBytes: z.int().min(0).prefault(1_024).describe('Shorter reply bodies stay as they are.'),
    includedContentTypes: z
      .array(z.string().min(1))
      .prefault([])
      .describe(
        'Media types of replies to compress; all others stay as they are. Not together with `excludedContentTypes`.',
      ),
    excludedContentTypes: z
      .array(z.string().min(1))
      .prefault([])
      .describe('Media types of requests and replies to leave alone. gRPC and event streams always are.'),
  })
  .describe('Compresses replies for clients that can read it. Event streams are left alone.');

export type CompressOptions = z.output<typeof options>;

/** `compress`. Event streams are never compressed: each event must be readable when it comes (data-plane §6). */
export const compress: MiddlewareDefinition<CompressOptions> = {
  type: 'compress',
  summary: 'Compresses replies for clients that can read it.',
  options,
  create(compressOptions, context) {
    const { encodings, defaultEncoding, minResponseBodyBytes: least } = compressOptions;
    const included = compressOptions.includedContentTypes.map((type) => mediaType(type));
    const excluded = new Set(compressOptions.excludedContentTypes.map((type) => mediaType(type)));
    if (included.length > 0 && excluded.size > 0) {
      const problem = {
        code: 'CONFIG_INVALID_VALUE',
        severity: 'error',
        message: 'stands beside includedContentTypes',
        hint: 'name either the types to compress or those to leave alone',
      } as const;
      throw new PortcullisError(problem.code, problem.message, {
        diagnostics: [context.diagnose(problem, ['excludedContentTypes'])],
      });
    }
    const leaves = (type: string): boolean => type === 'application/grpc' || excluded.has(type);

    return (next) => async (exchange) => {
      const accepted = acceptedCodings(exchange);
      if (exchange.method === 'HEAD' || leaves(mediaType(exchange.headers.get('content-type')))) return next(exchange);
      const reply = await next(exchange);
      const type = mediaType(reply.headers.get('content-type'));
      if (!isCompressible(reply) || leaves(type) || (included.length > 0 && !included.includes(type))) return reply;
      addVary(reply.headers, 'Accept-Encoding');
      const chosen = chooseCoding(accepted, encodings, defaultEncoding);
      if (chosen === undefined) return reply;
      return compressReply(reply, chosen, least);
    };
  },
};

function acceptedCodings(exchange: Exchange): string | undefined {
  const values = exchange.headers.getAll('accept-encoding');
  return values.length === 0 ? undefined : values.join(',');
}

/** False for replies without a body, for parts of one, for what is coded already, and for streams. */
function isCompressible(reply: Reply): boolean {
  return (
    reply.body !== null &&
    reply.status >= 200 &&
    ![204, 206, 304].includes(reply.status) &&
    !reply.headers.has('content-encoding') &&
    !/\bno-transform\b/i.test(reply.headers.getAll('cache-control').join(',')) &&
    !isStreaming(reply)
  );
}

async function compressReply(reply: Reply, chosen: Coding, least: number): Promise<Reply> {
  const { body } = reply;
  if (body === null) return reply;
  const declared = reply.headers.get('content-length');
  if (Buffer.isBuffer(body)) {
    return body.length < least ? reply : encode(reply, flowingBody(body), chosen);
  }
  if (declared !== undefined) return Number(declared) < least ? reply : encode(reply, body, chosen);
  const held = await holdBeginning(body, least);
  if (!Buffer.isBuffer(held)) return encode(reply, held, chosen);
  reply.body = held;
  if (held.length >= least && least > 0) return encode(reply, flowingBody(held), chosen);
  return reply;
}

/** The whole body when it is at most `least` bytes long, else the body with its beginning held. */
function holdBeginning(body: BodySource, least: number): Promise<Buffer | HeldBody> {
  return new Promise((resolve, reject) => {
    const held = Promise.withResolvers<HeldBody>();
    held.resolve(
      new HeldBody(body, least, {
        whole: resolve,
        full: () => resolve(held.promise),
        failed: (error) => reject(new Refusal(502, 'upstream_cut', { body: 'Bad Gateway', cause: error })),
      }),
    );
  });
}

function encode(reply: Reply, body: BodySource, chosen: Coding): Reply {
  reply.headers.set('Content-Encoding', chosen);
  reply.headers.delete('content-length');
  reply.headers.delete('accept-ranges');
  const tag = reply.headers.get('etag');
  // RFC 9110 §8.8.1: other bytes, so only weakly the same representation.
  if (tag?.startsWith('"')) reply.headers.set('ETag', `W/${tag}`);
  reply.body = compressBody(body, chosen);
  return reply;
}
