import { PortcullisError } from '../../errors.ts';
import { compileOrigins } from '../../mcp/origin.ts';
import { metadataDocument, metadataPlace, respondWithMetadata } from '../../mcp/resource-metadata.ts';
import { compilePolicySet, type PolicySet } from '../../policy/index.ts';
import type { MiddlewareContext, MiddlewareDefinition } from '../definition.ts';
import { McpGuard } from './guard.ts';
import { type McpOptions, mcpOptions } from './options.ts';
import { compileShadow } from './shadow.ts';

/**
 * `plugin.mcp`: reads each MCP message strictly, decides it by policy, forwards exactly what was judged, filters lists per
 * caller, seals session ids, and publishes the resource metadata.
 */
export const mcp: MiddlewareDefinition<McpOptions> = {
  type: 'plugin.mcp',
  summary: 'Judges MCP messages by policy, filters lists per caller and publishes OAuth resource metadata.',
  options: mcpOptions,
  decides: true,
  routeResource: (options) => options.resourceMetadata?.resource,
  routeScopes: (options) => options.resourceMetadata?.scopesSupported,
  allowedOrigins: (options) => originTest(options),
  create(options, context) {
    const metadataUrl = publishMetadata(options, context);
    const policies = compilePolicies(options, context);
    const guard = new McpGuard(options, context, policies, compileShadow(options, context), metadataUrl);
    return (next) => (exchange) => guard.handle(exchange, next);
  },
};

/** The route's own list, and the origin of its resource: the route as clients know it. */
function originTest({ allowedOrigins, resourceMetadata }: McpOptions): ((origin: string) => boolean) | undefined {
  const own = resourceMetadata === undefined ? [] : [new URL(resourceMetadata.resource).origin];
  const origins = [...allowedOrigins, ...own];
  return origins.length === 0 ? undefined : compileOrigins(origins);
}

function publishMetadata(options: McpOptions, context: MiddlewareContext): string | undefined {
  const metadata = options.resourceMetadata;
  if (metadata === undefined) return undefined;
  const place = checked(context, ['resourceMetadata', 'resource'], () => metadataPlace(metadata.resource));
  const content = metadataDocument(metadata);
  context.publish({
    host: place.host,
    path: place.path,
    content,
    respond: (exchange) => respondWithMetadata(content, exchange),
  });
  return place.url;
}

function compilePolicies(options: McpOptions, context: MiddlewareContext): PolicySet {
  checked(context, ['allowedOrigins'], () => compileOrigins(options.allowedOrigins));
  const compiled = compilePolicySet(options, {
    middleware: context.name,
    diagnose: (...place) => context.diagnose(...place),
  });
  if (!compiled.ok) {
    throw new PortcullisError('CONFIG_INVALID_VALUE', 'a policy cannot be used', { diagnostics: compiled.diagnostics });
  }
  for (const warning of compiled.warnings) context.warn(warning);
  return compiled.policies;
}

/** Turns a `TypeError` about a value into a diagnostic at its place. */
function checked<T>(context: MiddlewareContext, path: readonly string[], make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const problem = {
      code: 'CONFIG_INVALID_VALUE',
      severity: 'error',
      message: error.message,
      hint: undefined,
    } as const;
    throw new PortcullisError(problem.code, problem.message, { diagnostics: [context.diagnose(problem, path)] });
  }
}
