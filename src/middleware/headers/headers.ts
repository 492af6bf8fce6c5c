import { PortcullisError } from '../../errors.ts';
import type { HeaderFields } from '../../http/headers.ts';
import { Refusal } from '../../http/refusal.ts';
import type { MiddlewareContext, MiddlewareDefinition, Reply } from '../definition.ts';
import { compileRegex } from '../regex.ts';
import { compileCors, corsOriginTest } from './cors.ts';
import { type HeadersOptions, headersOptions } from './options.ts';
import { compileHostCheck, compileSecurityFields } from './security-fields.ts';

/**
 * `headers`: sets and removes headers, owns CORS and adds security headers. A preflight request is answered here, so the
 * middleware stands before authentication; refusals from behind it carry its headers too.
 */
export const headers: MiddlewareDefinition<HeadersOptions> = {
  type: 'headers',
  summary: 'Changes headers, answers CORS preflight requests, adds security headers.',
  options: headersOptions,
  allowedOrigins: corsOriginTest,
  create(options, context) {
    checkOptions(options, context);
    const cors = compileCors(options);
    const allowedOrigins = corsOriginTest(options);
    const checkHost = compileHostCheck(options);
    const securityFields = compileSecurityFields(options);
    const requestFields = Object.entries(options.customRequestHeaders ?? {});
    const replyFields = Object.entries(options.customResponseHeaders ?? {});

    return (next) => async (exchange) => {
      exchange.allowedOrigins ??= allowedOrigins;
      const preflight = cors?.preflight(exchange);
      if (preflight !== undefined) return preflight;
      checkHost?.(exchange);
      // What the reply depends on is settled before anything behind can change the request.
      const origin = exchange.headers.get('origin') || undefined;
      const fields = securityFields(exchange);
      applyFields(exchange.headers, requestFields);
      const dress = (reply: Reply): void => {
        for (const [name, value] of fields) reply.headers.set(name, value);
        applyFields(reply.headers, replyFields);
        cors?.dress(origin, reply);
      };
      try {
        const reply = await next(exchange);
        dress(reply);
        return reply;
      } catch (error) {
        throw error instanceof Refusal ? error.amend(dress) : error;
      }
    };
  },
};

function applyFields(target: HeaderFields, fields: readonly (readonly [string, string])[]): void {
  for (const [name, value] of fields) {
    if (value === '') target.delete(name.toLowerCase());
    else target.set(name, value);
  }
}

/** Reports what cannot work, and what works but is likely to be wider than it was meant. */
function checkOptions(options: HeadersOptions, context: MiddlewareContext): void {
  if (Object.entries(options).every(([, value]) => isUnset(value))) {
    const diagnostic = context.diagnose(
      {
        code: 'CONFIG_MISSING_KEY',
        severity: 'error',
        message: 'no option is set',
        hint: 'set at least one, for instance customRequestHeaders',
      },
      [],
    );
    throw new PortcullisError('CONFIG_MISSING_KEY', diagnostic.message, { diagnostics: [diagnostic] });
  }
  for (const [index, text] of (options.accessControlAllowOriginListRegex ?? []).entries()) {
    const path = ['accessControlAllowOriginListRegex', index];
    compileRegex(text, context, path);
    if (text.startsWith('^') && text.endsWith('$')) continue;
    context.warn(
      context.diagnose(
        {
          code: 'CONFIG_INVALID_VALUE',
          severity: 'warning',
          message: 'the expression is not anchored, so it also allows origins that only contain such a text',
          hint: `write ^${text.replace(/^\^|\$$/g, '')}$`,
        },
        path,
      ),
    );
  }
  if (options.accessControlAllowCredentials && options.accessControlAllowOriginList?.includes('*') === true) {
    context.warn(
      context.diagnose(
        {
          code: 'CONFIG_INVALID_VALUE',
          severity: 'warning',
          message: 'every page on the web may use the route with the credentials of its visitor',
          hint: 'name the origins, or switch accessControlAllowCredentials off: bearer tokens do not need it',
        },
        ['accessControlAllowOriginList'],
      ),
    );
  }
}

function isUnset(value: unknown): boolean {
  if (value === undefined || value === false || value === 0 || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
