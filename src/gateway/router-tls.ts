import { diagnoseItem } from '../config/diagnose.ts';
import type { Item, RouterConfig, TlsConfig } from '../config/dynamic/model.ts';
import { behaviourFor, demandsOf, type TlsSettings } from '../entrypoint/tls-state.ts';
import { type Diagnostic, nearest } from '../errors.ts';
import type { Handler } from '../http/exchange.ts';
import { Refusal } from '../http/refusal.ts';
import type { CompiledRule } from '../router/rule.ts';
import { behaviourOf, findTlsOptions } from './tls-settings.ts';

/** What became of a router's wish. */
export interface Claim {
  readonly problems: readonly Diagnostic[];
  /** Options that do not exist. */
  readonly missing?: { readonly name: string; readonly problem: Diagnostic } | undefined;
}

/** The TLS options that routers ask for. */
export interface RouterTls {
  /** Takes note of what a router asks for, and says what is wrong with it. */
  claim(item: Item<RouterConfig>, rule: CompiledRule | undefined): Claim;
  /** True when a router cannot be served over TLS: the options that hold for it, its own or `own` of the entrypoint, are missing or broken. */
  isClosed(config: RouterConfig, own: string | undefined): boolean;
  /** What a router's own options demand of clients ({@link demandsOf}). */
  demands(config: RouterConfig): string;
  /** Names of options by host, as far as routers have been claimed. */
  readonly byHost: ReadonlyMap<string, string>;
}

/**
 * Options are chosen by the server name of the handshake, before there is a request. What a router asks for therefore holds
 * for its hosts, whoever else they belong to; two routers cannot ask for different ones for the same host.
 */
export function routerTls(config: TlsConfig): RouterTls {
  const { options } = config;
  const claims = new Map<string, { readonly options: string; readonly router: string }>();
  const byHost = new Map<string, string>();
  const isBroken = (name: string): boolean => options.get(name)?.problems.some(isError) === true;
  const demands = ({ tls }: RouterConfig): string => {
    const named = tls?.options === undefined ? undefined : options.get(tls.options);
    return named === undefined ? '' : demandsOf(behaviourOf(named.config));
  };

  return {
    byHost,
    demands,
    isClosed({ tls }, own = 'default') {
      const name = tls?.options ?? own;
      const found = findTlsOptions(config, name);
      return found === undefined ? name !== 'default' : found.problems.some(isError);
    },
    claim(item, rule) {
      const name = item.config.tls?.options;
      if (name === undefined || name === 'default') return { problems: [] };
      const problems: Diagnostic[] = [];
      const diagnostic = (
        code: Diagnostic['code'],
        severity: Diagnostic['severity'],
        message: string,
        hint: string | undefined,
      ): Diagnostic => diagnoseItem(item, ['tls', 'options'], { code, severity, message, hint });
      if (!options.has(name)) {
        const near = nearest(name, options.keys());
        const hint = near === undefined ? undefined : `did you mean ${near}?`;
        const problem = diagnostic('CONFIG_REFERENCE', 'error', `TLS options ${name} do not exist`, hint);
        // A route of manifests has said so in its own words.
        return { problems: item.problems.some(isError) ? [] : [problem], missing: { name, problem } };
      }
      const report = (...parts: Parameters<typeof diagnostic>): void => void problems.push(diagnostic(...parts));
      if (isBroken(name))
        report('CONFIG_REFERENCE', 'error', `TLS options ${name} are broken, and this route with them`, undefined);
      if (rule !== undefined && rule.hosts.length === 0) {
        const demanding = demands(item.config) !== '';
        report(
          'CONFIG_INVALID_VALUE',
          demanding ? 'error' : 'warning',
          demanding
            ? 'TLS options are chosen by server name, and the rule has no Host(…): nobody could meet them'
            : 'TLS options are chosen by server name, and the rule has no Host(…): they have no effect',
          'name the hosts in the rule, or set the options called default',
        );
      }
      for (const host of rule?.hosts ?? []) {
        const other = claims.get(host);
        if (other === undefined) {
          claims.set(host, { options: name, router: item.name });
          byHost.set(host, name);
        } else if (other.options !== name) {
          report(
            'CONFIG_DUPLICATE',
            'error',
            `router ${other.router} asks for TLS options ${other.options} for ${host}: a server name has only one set`,
            `write ${other.options} here, or ${name} there`,
          );
        }
      }
      return { problems };
    },
  };
}

/**
 * A connection made for one server name may carry requests for other hosts. One for a host whose options demand more than
 * the handshake did is misdirected (RFC 9110 §15.5.20): the client is to make a connection for that host.
 */
export function refuseMisdirected(settings: TlsSettings, next: Handler): Handler {
  const demanding = [settings.behaviour, ...settings.byHost.values()].some((one) => demandsOf(one) !== '');
  if (!demanding) return next;
  return (exchange) => requireDemands(demandsOf(behaviourFor(settings, exchange.target.host)), next)(exchange);
}

/** Lets requests pass whose connection has met the demands. */
export function requireDemands(demands: string, next: Handler): Handler {
  if (demands === '') return next;
  return (exchange) =>
    exchange.tlsDemands === demands
      ? next(exchange)
      : Promise.reject(new Refusal(421, 'misdirected', { body: 'this host needs a TLS connection of its own\n' }));
}

function isError(problem: Diagnostic): boolean {
  return problem.severity === 'error';
}
