import { readFile } from 'node:fs/promises';
import { getCACertificates } from 'node:tls';
import { outboundAgent } from '../auth/outbound.ts';
import type { StaticConfiguration } from '../config/static/schema.ts';
import { parseResolveRule } from '../config/static/schema.ts';
import { parseAddress } from '../config/static/values.ts';
import type { EntrypointOptions } from '../entrypoint/options.ts';
import { defaultLimits } from '../entrypoint/options.ts';
import { PortcullisError } from '../errors.ts';
import { middlewareDefinitions } from '../middleware/registry.ts';
import type { Provider } from '../provider/definition.ts';
import { createProviders } from '../provider/registry.ts';
import { ServiceRegistry } from '../service/registry.ts';
import type { Logger } from '../telemetry/log.ts';
import type { BuildContext } from './build.ts';
import type { EntrypointFacts } from './build-routers.ts';
import { redirectionOf } from './entrypoint-redirection.ts';
import { createObserver, type Lost, type Observer } from './observer.ts';
import { SharedState } from './shared-state.ts';
import { makeDefaultCertificate } from './tls-settings.ts';

/** What the gateway keeps for its whole life. */
export interface InstallContext extends BuildContext {
  readonly observer: Observer;
  dispose(): Promise<void>;
}

/** Prepares everything that the install options decide once. */
export async function installContext(
  configuration: StaticConfiguration,
  log: Logger,
  lost: Lost = {},
): Promise<InstallContext> {
  const observer = await createObserver(configuration, log, lost);
  const resolve = configuration.resolve.map((text) => parseResolveRule(text)).filter((rule) => rule !== undefined);
  const serversTransport = await standardTransportOf(configuration);
  const services = new ServiceRegistry({ log, resolve, serversTransport });
  // What the gateway fetches for itself is always verified, whatever upstream servers are forgiven.
  const outbound = {
    resolve: new Map(resolve.map((rule) => [`${rule.host}:${rule.port}`, `${rule.toHost}:${rule.toPort}`])),
    rootCAs: await readAuthorities(configuration),
  };
  let agent: ReturnType<typeof outboundAgent> | undefined;
  const definitions = new Map(middlewareDefinitions.map((definition) => [definition.type, definition]));
  return {
    log,
    observer,
    definitions,
    entrypoints: entrypointFacts(configuration),
    services,
    shared: new SharedState(),
    install: {
      maxRequestBodySize: configuration.mcp.maxRequestBodySize,
      sessionKey: await sessionKeyOf(configuration),
      witness: observer.witness,
      redactArguments: await redactionOf(configuration),
      outbound,
    },
    dispatcher: () => {
      agent ??= outboundAgent({ ...outbound, plaintext: 'anywhere', connectTimeout: 5_000 });
      return agent;
    },
    defaultCertificate: await makeDefaultCertificate(),
    async dispose() {
      await agent?.destroy();
      await observer.close();
    },
  };
}

/** The providers that the install options name. */
export function providersOf(configuration: StaticConfiguration): Promise<readonly Provider[]> {
  return createProviders(configuration.providers);
}

/** Entrypoints as the router build needs them. */
function entrypointFacts(configuration: StaticConfiguration): EntrypointFacts[] {
  const entries = Object.entries(configuration.entryPoints);
  const marked = entries.some(([, one]) => one.asDefault);
  return entries.map(([name, one]) => ({
    name,
    tls: one.http.tls !== undefined,
    tlsOptions: one.http.tls?.options,
    isDefault: marked ? one.asDefault : name !== 'admin' && name !== 'traefik',
    middlewares: one.http.middlewares,
    redirection: redirectionOf(configuration, name),
  }));
}

/** Entrypoints as the ports need them. */
export function entrypointOptions(configuration: StaticConfiguration): EntrypointOptions[] {
  return Object.entries(configuration.entryPoints).map(([name, one]) => {
    const address = parseAddress(one.address) ?? { host: undefined, port: 0 };
    const { readHeaderTimeout, readTimeout, writeTimeout, idleTimeout } = one.transport.respondingTimeouts;
    const { encodedCharacters: allow } = one.http;
    return {
      name,
      host: address.host ?? '',
      port: address.port,
      tls: one.http.tls !== undefined,
      limits: {
        ...defaultLimits,
        headerBytes: one.http.maxHeaderBytes,
        concurrentStreams: one.http2.maxConcurrentStreams,
      },
      timeouts: { headers: readHeaderTimeout, body: readTimeout, idle: idleTimeout, write: writeTimeout },
      forwardedHeaders: one.forwardedHeaders,
      encodedCharacters: {
        slash: allow.allowEncodedSlash,
        backslash: allow.allowEncodedBackSlash,
        nul: allow.allowEncodedNullCharacter,
        percent: allow.allowEncodedPercent,
        semicolon: allow.allowEncodedSemicolon,
        questionMark: allow.allowEncodedQuestionMark,
        hash: allow.allowEncodedHash,
      },
      rejectUnderscores: one.http.underscoreHeadersStrategy === 'reject',
    };
  });
}

async function redactionOf({ tracing }: StaticConfiguration) {
  if (tracing === undefined) return undefined;
  const { compileRedaction } = await import('../telemetry/tracing/redaction.ts');
  return compileRedaction({ names: tracing.redactedNames, limit: tracing.maxCapture });
}

/** The session key, from the option or its file. */
async function sessionKeyOf(configuration: StaticConfiguration): Promise<string | undefined> {
  const { sessionKey, sessionKeyFile } = configuration.mcp;
  if (sessionKey !== undefined || sessionKeyFile === undefined) return sessionKey;
  let text: string;
  try {
    text = (await readFile(sessionKeyFile, 'utf8')).trim();
  } catch (cause) {
    throw new PortcullisError('CONFIG_UNREADABLE', `mcp.sessionKeyFile: ${sessionKeyFile} cannot be read`, { cause });
  }
  if (text.length >= 32) return text;
  throw new PortcullisError('CONFIG_INVALID_VALUE', 'mcp.sessionKeyFile: a session key needs at least 32 characters');
}

/** PEM texts of the authorities that the install options name beside the well-known ones. */
function readAuthorities({ serversTransport }: StaticConfiguration): Promise<string[]> {
  return Promise.all(
    serversTransport.rootCAs.map(async (pathOrPem) => {
      if (pathOrPem.includes('-----BEGIN')) return pathOrPem;
      try {
        return await readFile(pathOrPem, 'utf8');
      } catch (cause) {
        throw new PortcullisError('CONFIG_UNREADABLE', `serversTransport.rootCAs: ${pathOrPem} cannot be read`, {
          cause,
        });
      }
    }),
  );
}

async function standardTransportOf(configuration: StaticConfiguration) {
  const { serversTransport } = configuration;
  const rootCAs = await readAuthorities(configuration);
  return {
    insecureSkipVerify: serversTransport.insecureSkipVerify,
    // A transport's authorities stand alone; install-wide ones come beside the well-known ones.
    rootCAs: rootCAs.length === 0 ? [] : [...getCACertificates('default'), ...rootCAs],
    certificates: [],
    maxIdleConnsPerHost: serversTransport.maxIdleConnsPerHost,
    disableHTTP2: false,
    cipherSuites: [],
    forwardingTimeouts: {
      dialTimeout: serversTransport.forwardingTimeouts.dialTimeout,
      responseHeaderTimeout: serversTransport.forwardingTimeouts.responseHeaderTimeout,
      idleConnTimeout: serversTransport.forwardingTimeouts.idleConnTimeout,
    },
  };
}
