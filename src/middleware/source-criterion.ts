import * as z from 'zod';
import { PortcullisError } from '../errors.ts';
import { AddressSet, ipv6SubnetAddress } from '../http/address-set.ts';
import type { Exchange } from '../http/exchange.ts';
import type { MiddlewareContext } from './definition.ts';

/** How to tell which address a request comes from. */
export const ipStrategyOptions = z
  .strictObject({
    depth: z
      .int()
      .min(0)
      .optional()
      .describe('Takes the address at this place of `X-Forwarded-For`, counted from the right, from 1. 0: not used.'),
    excludedIPs: z
      .array(z.string())
      .optional()
      .describe(
        'Takes the right-most address of `X-Forwarded-For` that is not among these addresses and ranges. Ignored with `depth`.',
      ),
    ipv6Subnet: z
      .int()
      .optional()
      .describe(
        'Takes IPv6 addresses of one subnet of so many bits for one. Ignored outside of 0 to 128 and with `excludedIPs`.',
      ),
  })
  .describe('How to tell the address of the client. Default: the peer of the connection.');

/** What makes two requests count as of one source. */
export const sourceCriterionOptions = z
  .strictObject({
    ipStrategy: ipStrategyOptions.optional(),
    requestHeaderName: z.string().min(1).optional().describe('The value of this request header.'),
    requestHost: z.boolean().optional().describe('The host that the request was sent to.'),
    principal: z
      .boolean()
      .optional()
      .describe(
        'The verified caller. The middleware must stand behind the one that authenticates; callers without identity count by client address.',
      ),
  })
  .refine((criterion) => chosen(criterion).length <= 1, 'may name only one criterion')
  .describe('What requests are counted by.');

export type IpStrategyOptions = z.output<typeof ipStrategyOptions>;
export type SourceCriterionOptions = z.output<typeof sourceCriterionOptions>;

/** Reads off a request what it is counted by. */
export type SourceKey = (exchange: Exchange) => string;

/** Which of the mutually exclusive criteria are named. */
function chosen(criterion: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(criterion).filter((key) => criterion[key] !== undefined && criterion[key] !== false);
}

/** Compiles a criterion; when it names nothing, requests are counted by `fallback`. */
export function compileSourceKey(
  criterion: SourceCriterionOptions | undefined,
  fallback: 'address' | 'host',
  context: MiddlewareContext,
): SourceKey {
  if (criterion?.requestHeaderName !== undefined) {
    const name = criterion.requestHeaderName.toLowerCase();
    return (exchange) => exchange.headers.get(name) ?? '';
  }
  if (criterion?.principal === true) return principalKey;
  const byHost = criterion?.requestHost === true || (criterion?.ipStrategy === undefined && fallback === 'host');
  // Without port and in lower case, or a client could choose its bucket by spelling.
  if (byHost) return (exchange) => exchange.target.host;
  return compileIpStrategy(criterion?.ipStrategy, context, ['sourceCriterion', 'ipStrategy']);
}

function principalKey(exchange: Exchange): string {
  const { identity } = exchange;
  return identity === undefined || identity.kind === 'anonymous' ? exchange.clientAddress : identity.bindingKey;
}

/**
 * Compiles an IP strategy.
 *
 * @returns the address as text; empty when `X-Forwarded-For` has none at the wanted place.
 */
export function compileIpStrategy(
  strategy: IpStrategyOptions | undefined,
  context: MiddlewareContext,
  path: readonly (string | number)[],
): SourceKey {
  const bits = strategy?.ipv6Subnet;
  const group = (address: string): string =>
    bits === undefined || bits < 0 || bits > 128 ? address : ipv6SubnetAddress(address, bits);
  const depth = strategy?.depth ?? 0;
  if (depth > 0) return (exchange) => group(forwardedAddresses(exchange).at(-depth) ?? '');
  if (strategy?.excludedIPs !== undefined && strategy.excludedIPs.length > 0) {
    const excluded = parseAddresses(strategy.excludedIPs, context, [...path, 'excludedIPs']);
    return (exchange) => forwardedAddresses(exchange).findLast((address) => !excluded.contains(address)) ?? '';
  }
  return (exchange) => group(exchange.peerAddress);
}

/** Reads a list of addresses and ranges, or throws with a diagnostic at the first that is neither. */
export function parseAddresses(
  texts: readonly string[],
  context: MiddlewareContext,
  path: readonly (string | number)[],
): AddressSet {
  const parsed = AddressSet.parse(texts);
  if (parsed.ok) return parsed.set;
  const diagnostic = context.diagnose(
    {
      code: 'CONFIG_INVALID_VALUE',
      severity: 'error',
      message: 'is no IP address or range',
      hint: 'write for instance 10.0.0.1, 10.0.0.0/8 or fe80::/10',
    },
    [...path, parsed.index],
  );
  throw new PortcullisError('CONFIG_INVALID_VALUE', diagnostic.message, { diagnostics: [diagnostic] });
}

/**
 * The addresses that proxies in front report, nearest last. The entrypoint adds the peer itself at the end; it is left out
 * here, so that `depth: 1` is the address that the nearest proxy saw.
 */
function forwardedAddresses(exchange: Exchange): string[] {
  const addresses = exchange.headers
    .getAll('x-forwarded-for')
    .flatMap((value) => value.split(','))
    .map((address) => address.trim())
    .filter((address) => address !== '');
  if (addresses.at(-1) === exchange.peerAddress) addresses.pop();
  return addresses;
}
