import { isIP } from 'node:net';
import type { Diagnostic } from '../../errors.ts';
import { nearest } from '../../errors.ts';
import type { OptionTree } from './option-tree.ts';
import type { StaticConfiguration } from './schema.ts';
import { diagnoseSetting } from './setting.ts';
import { isLoopback, parseAddress } from './values.ts';

/** What no single option can know: references between options, options that exclude each other, risky combinations. */
export function crossCheck(configuration: StaticConfiguration, tree: OptionTree): Diagnostic[] {
  const findings: Diagnostic[] = [];
  const report = (
    severity: Diagnostic['severity'],
    code: Diagnostic['code'],
    path: readonly string[],
    message: string,
    hint: string,
  ): void => {
    findings.push(
      diagnoseSetting(tree.blame(path) ?? { source: 'default', place: '' }, { severity, code, message, hint }),
    );
  };
  const names = Object.keys(configuration.entryPoints);
  const requireEntryPoint = (path: readonly string[], name: string): void => {
    if (names.includes(name)) return;
    const near = nearest(name, names);
    const hint = near === undefined ? `known: ${names.join(', ')}` : `did you mean ${near}?`;
    report(
      'error',
      'CONFIG_REFERENCE',
      path,
      `${path.join('.')} names the entrypoint ${name}, which does not exist`,
      hint,
    );
  };

  if (configuration.api !== undefined) requireEntryPoint(['api', 'entryPoint'], configuration.api.entryPoint);
  if (configuration.ping !== undefined) requireEntryPoint(['ping', 'entryPoint'], configuration.ping.entryPoint);
  const prometheus = configuration.metrics?.prometheus;
  if (prometheus?.entryPoint !== undefined && !prometheus.manualRouting)
    requireEntryPoint(['metrics', 'prometheus', 'entryPoint'], prometheus.entryPoint);
  const { audit } = configuration;
  if (audit !== undefined && audit.filePath === undefined && (audit.strict || audit.otlp === undefined)) {
    report(
      'error',
      'CONFIG_MISSING_KEY',
      ['audit', 'filePath'],
      audit.strict ? 'audit.strict needs a file to write to' : 'audit has nowhere to write to',
      'set audit.filePath',
    );
  }
  for (const signal of ['metrics', 'tracing', 'audit', 'accessLog', 'log'] as const) {
    const { http, grpc } = configuration[signal]?.otlp ?? {};
    const host = grpc?.endpoint?.replace(/^.*:\/\//, '').replace(/:\d+$/, '') ?? '';
    if (grpc !== undefined && !grpc.insecure && isIP(host.replace(/^\[|\]$/g, '')) !== 0) {
      report(
        'error',
        'CONFIG_UNSUPPORTED',
        [signal, 'otlp', 'grpc', 'endpoint'],
        `gRPC over TLS needs a host name, and ${host} is an address`,
        `give the collector a name, set ${signal}.otlp.grpc.insecure=true, or use ${signal}.otlp.http`,
      );
    }
    for (const [protocol, target] of Object.entries({ http, grpc })) {
      if (target?.tls?.insecureSkipVerify !== true) continue;
      report(
        'warning',
        'CONFIG_INVALID_VALUE',
        [signal, 'otlp', protocol, 'tls', 'insecureSkipVerify'],
        'the certificate of the collector is not checked',
        `name its authority under ${signal}.otlp.${protocol}.tls.ca`,
      );
    }
  }
  const taken = new Map<string, string>();
  for (const [name, entryPoint] of Object.entries(configuration.entryPoints)) {
    const base = ['entryPoints', name];
    const redirection = entryPoint.http.redirections.entryPoint;
    if (redirection !== undefined && !/^:[0-9]{1,5}$/.test(redirection.to)) {
      requireEntryPoint([...base, 'http', 'redirections', 'entryPoint', 'to'], redirection.to);
    }
    const address = parseAddress(entryPoint.address);
    const key = `${address?.host ?? ''}:${address?.port}`;
    const other = taken.get(key);
    if (other !== undefined && address?.port !== 0) {
      report(
        'error',
        'CONFIG_DUPLICATE',
        [...base, 'address'],
        `entrypoints ${other} and ${name} both listen on ${entryPoint.address}`,
        'give one of them another port',
      );
    }
    taken.set(key, name);
    if (entryPoint.forwardedHeaders.insecure) {
      report(
        'warning',
        'CONFIG_INVALID_VALUE',
        [...base, 'forwardedHeaders', 'insecure'],
        `${name} believes X-Forwarded-* from anybody`,
        'list your proxies under forwardedHeaders.trustedIPs',
      );
    }
  }

  const api = configuration.api;
  const apiAddress = api === undefined ? undefined : configuration.entryPoints[api.entryPoint]?.address;
  if (api !== undefined && apiAddress !== undefined && !isLoopback(apiAddress) && !api.insecure) {
    report(
      'warning',
      'CONFIG_INVALID_VALUE',
      ['entryPoints', api.entryPoint, 'address'],
      `the API is not served: its entrypoint ${api.entryPoint} can be reached from other machines and it has no authentication`,
      'set api.insecure=true if the network keeps strangers out, or api=false to do without it',
    );
  }
  if (api?.dashboard === true) {
    report(
      'warning',
      'CONFIG_UNSUPPORTED',
      ['api', 'dashboard'],
      'api.dashboard has no effect: there is no dashboard yet',
      `remove it; what a dashboard would show is below ${api.basePath === '/' ? '' : api.basePath}/api`,
    );
  }
  if (configuration.mcp.sessionKey !== undefined && configuration.mcp.sessionKeyFile !== undefined) {
    report(
      'error',
      'CONFIG_DUPLICATE',
      ['mcp', 'sessionKeyFile'],
      'mcp.sessionKey and mcp.sessionKeyFile are both given',
      'keep one of them',
    );
  }
  if (configuration.serversTransport.insecureSkipVerify) {
    report(
      'warning',
      'CONFIG_INVALID_VALUE',
      ['serversTransport', 'insecureSkipVerify'],
      'certificates of upstream servers are not checked',
      'name their authority under serversTransport.rootCAs',
    );
  }
  return findings;
}

/** True when the API may be served on its entrypoint: only this machine can reach it, or the operator asked for it. */
export function isApiServed(configuration: StaticConfiguration): boolean {
  const { api } = configuration;
  if (api === undefined) return false;
  const address = configuration.entryPoints[api.entryPoint]?.address;
  return address !== undefined && (api.insecure || isLoopback(address));
}
