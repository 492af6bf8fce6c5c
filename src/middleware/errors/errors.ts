import * as z from 'zod';
import { PortcullisError } from '../../errors.ts';
import type { Exchange, Handler, Reply } from '../../http/exchange.ts';
import { Refusal } from '../../http/refusal.ts';
import type { MiddlewareContext, MiddlewareDefinition } from '../definition.ts';
import { discardReply } from '../replay.ts';
import { compileStatusTest, statusRange } from '../status-ranges.ts';
import { pageExchange } from './page-exchange.ts';

const options = z
  .strictObject({
    status: z
      .array(statusRange)
      .min(1)
      .describe('Status codes and inclusive ranges that get a page: `404`, `500-599`.'),
    statusRewrites: z
      .record(z.string(), z.int().min(200).max(599))
      .prefault({})
      .describe('Status codes to send instead: from a code or range to a code.'),
    service: z.string().min(1).describe('Name of the service that has the pages.'),
    query: z
      .string()
      .prefault('')
      .describe(
        'Path and query of a page: `{status}` stands for the status that is sent, `{originalStatus}` for the one before rewriting, `{url}` for the escaped URL of the request.',
      ),
    errorRequestHeaders: z
      .array(z.string().min(1))
      .optional()
      .describe('Headers of the request to pass on to the service. When absent: all but credentials.'),
  })
  .describe('Replaces error replies by pages of another service.');

export type ErrorsOptions = z.output<typeof options>;

/** Fields of the first reply that clients act upon; they stay, or a 401 could not be answered (RFC 9110 §11.6.1). */
const kept = ['www-authenticate', 'retry-after', 'allow'];

/** `errors`. When the page cannot be had, the error goes to the client as it was. */
export const errors: MiddlewareDefinition<ErrorsOptions> = {
  type: 'errors',
  summary: 'Replaces error replies by pages of another service.',
  options,
  async create(errorsOptions, context) {
    const wanted = compileStatusTest(errorsOptions.status);
    const rewrite = compileRewrites(errorsOptions.statusRewrites, context);
    const pages = await context.service(errorsOptions.service);
    if (pages === undefined) throw unknownService(errorsOptions.service, context);
    const passed =
      errorsOptions.errorRequestHeaders && new Set(errorsOptions.errorRequestHeaders.map((name) => name.toLowerCase()));

    return (next) => async (exchange) => {
      let original: Reply;
      try {
        original = await next(exchange);
        if (!wanted(original.status)) return original;
      } catch (error) {
        if (!(error instanceof Refusal && wanted(error.status))) throw error;
        exchange.facts.errorType ??= error.errorType;
        original = error.toReply();
      }
      const status = rewrite(original.status);
      const target = pageTarget(errorsOptions.query, status, original.status, exchange);
      const page = await fetchPage(pages, pageExchange(exchange, { ...target, headers: passed }), context);
      if (page === undefined) return original;
      page.status = status;
      for (const name of kept) {
        for (const value of original.headers.getAll(name)) page.headers.append(name, value);
      }
      discardReply(original);
      return page;
    };
  },
};

async function fetchPage(pages: Handler, exchange: Exchange, context: MiddlewareContext): Promise<Reply | undefined> {
  try {
    return await pages(exchange);
  } catch (error) {
    context.log.warn('error page not available', { reason: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
}

function pageTarget(
  query: string,
  status: number,
  originalStatus: number,
  exchange: Exchange,
): { path: string; query: string } {
  const { scheme, authority } = exchange.target;
  const url = `${scheme}://${authority}${exchange.path}${exchange.query}`;
  const filled = `/${query.replace(/^\//, '')}`
    .replaceAll('{status}', String(status))
    .replaceAll('{originalStatus}', String(originalStatus))
    .replaceAll('{url}', () => escapeQuery(url));
  const mark = filled.indexOf('?');
  return mark < 0 ? { path: filled, query: '' } : { path: filled.slice(0, mark), query: filled.slice(mark) };
}

/** As Go's `url.QueryEscape`: everything but letters, digits and `-_.~`; a space is a plus. */
function escapeQuery(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

function compileRewrites(
  rewrites: Readonly<Record<string, number>>,
  context: MiddlewareContext,
): (status: number) => number {
  const tests = Object.entries(rewrites).map(([from, to]) => {
    if (!statusRange.safeParse(from).success) {
      const problem = {
        code: 'CONFIG_INVALID_VALUE',
        severity: 'error',
        message: `${from} is not a status code or range`,
        hint: 'write for instance 418 or 500-503',
      } as const;
      throw new PortcullisError(problem.code, problem.message, {
        diagnostics: [context.diagnose(problem, ['statusRewrites', from])],
      });
    }
    return { test: compileStatusTest([from]), to };
  });
  return (status) => tests.find(({ test }) => test(status))?.to ?? status;
}

function unknownService(service: string, context: MiddlewareContext): PortcullisError {
  const problem = {
    code: 'CONFIG_REFERENCE',
    severity: 'error',
    message: `service ${service} does not exist`,
    hint: 'name a service that is defined in the same configuration',
  } as const;
  return new PortcullisError(problem.code, problem.message, {
    diagnostics: [context.diagnose(problem, ['service'])],
  });
}
