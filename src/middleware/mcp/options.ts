import * as z from 'zod';
import { unsupported } from '../../config/dynamic/schema/manifest.ts';

const match = z
  .string()
  .min(1)
  .describe('Condition in the policy language, for instance ``Equals(`mcp.method`, `tools/call`)``.');

/** RFC 6749 §3.3: a scope token. */
const scope = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'is not a scope (RFC 6749 §3.3)');

const url = z.url({ protocol: /^https?$/ });

const policy = z
  .strictObject({
    name: z.string().min(1).optional().describe('Name for logs, audit records and policy tests.'),
    match,
    action: z.enum(['allow', 'deny']).describe('What happens when the condition holds.'),
    requiredScopes: z
      .array(scope)
      .min(1)
      .optional()
      .describe(
        'Only with `action: deny`: scopes that would cure the denial. A caller who lacks one of them is answered with 403 and `error="insufficient_scope"`, so that its client can ask for them.',
      ),
  })
  .refine((rule) => rule.requiredScopes === undefined || rule.action === 'deny', {
    message: 'belongs to a deny rule: it says which scopes would cure the denial',
    path: ['requiredScopes'],
  });

/** Statuses that MCP clients take for "an old server" or "log in again" (data-plane §4). */
const misleading = new Set([400, 401, 404, 405]);

/** Options of `plugin.mcp`; names are Traefik Hub's where it has them. */
export const mcpOptions = z.strictObject({
  resourceMetadata: z
    .strictObject({
      resource: url.describe(
        'URL of the protected resource as clients know it, for instance `https://mcp.localhost/deepwiki-mcp`. Tokens must be meant for it.',
      ),
      authorizationServers: z
        .array(url)
        .optional()
        .describe('Issuers of the authorization servers that issue tokens for the resource.'),
      resourceDocumentation: url.optional().describe('Page for developers.'),
      scopesSupported: z.array(scope).optional().describe('Scopes that clients may ask for.'),
      resourceName: z.string().min(1).optional().describe('Name for people.'),
    })
    .optional()
    .describe('Publishes OAuth protected-resource metadata (RFC 9728) at the well-known address of the resource.'),
  policies: z.array(policy).prefault([]).describe('Rules about messages, in order: the first that applies decides.'),
  defaultAction: z.enum(['allow', 'deny']).prefault('deny').describe('What happens when no rule applies.'),
  shadowPolicies: z
    .array(policy)
    .optional()
    .describe(
      'Rules that are tried out: judged beside `policies` and never enforced. Differences are counted and logged.',
    ),
  shadowDefaultAction: z
    .enum(['allow', 'deny'])
    .optional()
    .describe('What the rules on trial come to when none applies. Default: `defaultAction`.'),
  listPolicies: z
    .array(
      z.strictObject({
        name: z.string().min(1).optional().describe('Name for logs.'),
        match,
        action: z.enum(['show', 'hide']).describe('What happens to a list item for which the condition holds.'),
      }),
    )
    .prefault([])
    .describe('Rules about items of lists, in order: the first that applies decides.'),
  listDefaultAction: z
    .enum(['show', 'hide', 'callable'])
    .prefault('callable')
    .describe(
      'What happens to a list item to which no rule applies. `callable` shows what some call could be allowed for.',
    ),
  statusCodeOnDeny: z
    .int()
    .min(200)
    .max(599)
    .refine((status) => status === 200 || status >= 400, 'must be 200 or an error status')
    .refine(
      (status) => !misleading.has(status),
      'clients read 400, 404 and 405 as an old server and 401 as a missing login; use 403 or 200',
    )
    .prefault(403)
    .describe('HTTP status of a denied request.'),
  hideAsUnknown: z
    .boolean()
    .prefault(false)
    .describe(
      'A call of something that the caller cannot see, and could not call in any way, is answered as if it did not exist.',
    ),
  allowedOrigins: z
    .array(z.string().min(1))
    .prefault([])
    .describe(
      'Origins of web pages that may call the route, besides its own and those that a `headers` middleware allows. `*` for all.',
    ),
  maxRequestBodySize: z
    .int()
    .positive()
    .optional()
    .describe('Largest message in bytes. Default: the install option `mcp.maxRequestBodySize`.'),
  maxListSize: z
    .int()
    .positive()
    .prefault(16 * 1024 * 1024)
    .describe('Largest answer with a list in bytes. A list that is longer cannot be filtered and is refused with 502.'),
  sessionKey: z
    .string()
    .min(32, 'must have at least 32 characters')
    .optional()
    .describe(
      'Secret under which session ids are sealed. Replicas must share it. Default: a random one for the life of the process.',
    ),
  gracefulErrors: unsupported('refused', 'Write `statusCodeOnDeny: 200` for denials that are tool errors to clients.'),
  allowedTools: unsupported('refused', 'Write `policies` that allow the tools: lists show what may be called.'),
});

export type McpOptions = z.output<typeof mcpOptions>;
