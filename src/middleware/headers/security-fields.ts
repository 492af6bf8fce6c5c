import type { Exchange } from '../../http/exchange.ts';
import { Refusal } from '../../http/refusal.ts';
import type { HeadersOptions } from './options.ts';

/** Refuses a request for a host that is not among `allowedHosts`. */
export type HostCheck = (exchange: Exchange) => void;

/** Compiles `allowedHosts`; undefined when every host is allowed. A host may be listed with or without its port. */
export function compileHostCheck(options: HeadersOptions): HostCheck | undefined {
  if (options.allowedHosts.length === 0 || options.isDevelopment) return undefined;
  const allowed = new Set(options.allowedHosts.map((host) => host.toLowerCase()));
  const proxyHeaders = options.hostsProxyHeaders.map((name) => name.toLowerCase());
  return (exchange) => {
    const reported = proxyHeaders.map((name) => exchange.headers.get(name)).find((value) => !!value);
    const hosts = reported === undefined ? [exchange.target.authority, exchange.target.host] : [reported];
    if (!hosts.some((host) => allowed.has(host.toLowerCase()))) {
      throw new Refusal(421, 'host_not_allowed', { body: 'Misdirected Request' });
    }
  };
}

type Field = readonly [name: string, value: string];

/** Compiles the security headers of a reply: those that are always sent, and those that are sent over TLS. */
export function compileSecurityFields(options: HeadersOptions): (exchange: Exchange) => readonly Field[] {
  const always: Field[] = [];
  const add = (list: Field[], name: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') list.push([name, value]);
  };
  add(always, 'X-Frame-Options', options.customFrameOptionsValue || (options.frameDeny ? 'DENY' : undefined));
  add(always, 'X-Content-Type-Options', options.contentTypeNosniff ? 'nosniff' : undefined);
  add(
    always,
    'X-XSS-Protection',
    options.customBrowserXSSValue || (options.browserXssFilter ? '1; mode=block' : undefined),
  );
  add(always, 'Content-Security-Policy', options.contentSecurityPolicy);
  add(always, 'Content-Security-Policy-Report-Only', options.contentSecurityPolicyReportOnly);
  add(always, 'Referrer-Policy', options.referrerPolicy);
  add(always, 'Permissions-Policy', options.permissionsPolicy);

  const overTls = [...always];
  if (!options.isDevelopment) {
    const transport = transportSecurity(options);
    add(overTls, 'Strict-Transport-Security', transport);
    add(overTls, 'Public-Key-Pins', options.publicKey);
    if (options.forceSTSHeader) add(always, 'Strict-Transport-Security', transport);
  }

  const proof = Object.entries(options.sslProxyHeaders).map(([name, value]) => [name.toLowerCase(), value] as const);
  return (exchange) => {
    const secure =
      exchange.target.scheme === 'https' ||
      proof.some(([name, value]) => exchange.headers.get(name)?.toLowerCase() === value.toLowerCase());
    return secure ? overTls : always;
  };
}

/** RFC 6797 §6.1. */
function transportSecurity(options: HeadersOptions): string | undefined {
  if (options.stsSeconds === 0) return undefined;
  const subdomains = options.stsIncludeSubdomains ? '; includeSubDomains' : '';
  return `max-age=${options.stsSeconds}${subdomains}${options.stsPreload ? '; preload' : ''}`;
}
