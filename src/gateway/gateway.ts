import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import { adminHandler } from '../admin/admin.ts';
import type { DynamicConfiguration } from '../config/dynamic/model.ts';
import { errorsOf, type RuntimeStatus } from '../config/runtime/status.ts';
import type { StaticConfiguration } from '../config/static/schema.ts';
import { Entrypoint } from '../entrypoint/entrypoint.ts';
import { TlsState } from '../entrypoint/tls-state.ts';
import { type Diagnostic, formatDiagnostic, PortcullisError } from '../errors.ts';
import type { Handler } from '../http/exchange.ts';
import type { Logger } from '../telemetry/log.ts';
import { buildGeneration } from './build.ts';
import { type Collected, ProviderCollection } from './collect.ts';
import type { Generation } from './generation.ts';
import { entrypointOptions, type InstallContext, installContext, providersOf } from './install.ts';
import { keepLastGood } from './last-good.ts';
import type { Lost } from './observer.ts';
import { startWebhook, type Webhook } from './webhook.ts';

/** Time for providers to end in order, after everything that serves requests has ended, in milliseconds. */
const farewell = 3_000;

export interface GatewayOptions {
  readonly configuration: StaticConfiguration;
  readonly log: Logger;
  /** Telemetry that was lost outside of the gateway, by signal: read whenever metrics are. */
  readonly lost?: Lost;
}

/** A running gateway. */
export interface Gateway {
  /** Real addresses by entrypoint name. */
  readonly addresses: ReadonlyMap<string, AddressInfo>;
  /** What is served now, and what is wrong with it. */
  status(): RuntimeStatus;
  /** Reads the routing configuration again. */
  reload(): void;
  /** Reopens log files. */
  reopenLogs(): void;
  /** Drains and stops. Resolves when every socket is closed. */
  shutdown(): Promise<void>;
}

/**
 * Starts a gateway: providers first, so that no port opens before there is something to serve. Rejects with
 * `PortcullisError` when the configuration cannot be read at all or a port cannot be opened.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const running = new RunningGateway(options);
  await running.start();
  return running;
}

class RunningGateway implements Gateway {
  readonly addresses = new Map<string, AddressInfo>();
  readonly #configuration: StaticConfiguration;
  readonly #log: Logger;
  readonly #lost: Lost;
  readonly #entrypoints: Entrypoint[] = [];
  readonly #generations = new Map<number, Generation>();
  #context: InstallContext | undefined;
  readonly #tls = new Map<string, TlsState>();
  #collection: ProviderCollection | undefined;
  #current: Generation | undefined;
  #effective: DynamicConfiguration | undefined;
  #refused: readonly Diagnostic[] = [];
  #sequence = 0;
  #terminating = false;
  #webhook: Webhook | undefined;

  constructor(options: GatewayOptions) {
    this.#configuration = options.configuration;
    this.#log = options.log;
    this.#lost = options.lost ?? {};
  }

  async start(): Promise<void> {
    this.#context = await installContext(this.#configuration, this.#log, this.#lost);
    this.#collection = new ProviderCollection({
      providers: await providersOf(this.#configuration),
      throttle: this.#configuration.providers.providersThrottleDuration,
      log: this.#log,
      deliver: (collected) => this.#take(collected),
    });
    try {
      await this.#collection.start();
      if (this.#current === undefined) {
        throw new PortcullisError('CONFIG_UNREADABLE', 'the routing configuration cannot be read', {
          diagnostics: this.#refused,
        });
      }
      await this.#open();
      this.#webhook = await startWebhook(this.#configuration, this.#log);
      this.#context.observer.watch({
        entrypoints: () => this.#entrypoints,
        servers: () => (this.#current as Generation).servers(),
        certificates: () => {
          // Certificates are the same at every entrypoint.
          const [settings] = (this.#current as Generation).tls.values();
          if (settings === undefined) return [];
          return [...settings.certificates, settings.defaultCertificate].map(({ cert }) => cert);
        },
      });
    } catch (error) {
      await this.#collection.stop();
      await this.#context.dispose();
      throw error;
    }
  }

  status(): RuntimeStatus {
    const status = (this.#current as Generation).status;
    return this.#refused === status.refused ? status : { ...status, refused: this.#refused };
  }

  reload(): void {
    this.#collection?.reload();
  }

  reopenLogs(): void {
    this.#context?.observer.reopen();
  }

  async shutdown(): Promise<void> {
    if (this.#terminating) return;
    this.#terminating = true;
    const providersStopped = this.#collection?.stop();
    const { entryPoints } = this.#configuration;
    const accept = Math.max(
      0,
      ...Object.values(entryPoints).map((one) => one.transport.lifeCycle.requestAcceptGraceTimeout),
    );
    if (accept > 0) await new Promise((resolve) => setTimeout(resolve, accept));
    const admin = this.#entrypoints.filter((one) => one.name === this.#adminName());
    const traffic = this.#entrypoints.filter((one) => one.name !== this.#adminName());
    const grace = (one: Entrypoint): number => entryPoints[one.name]?.transport.lifeCycle.graceTimeOut ?? 10_000;
    await Promise.all(traffic.map((one) => one.drain(grace(one))));
    await Promise.all(admin.map((one) => one.drain(100)));
    // They say goodbye to others (a Lease is given back), who may not answer any more.
    await Promise.race([providersStopped, new Promise((resolve) => setTimeout(resolve, farewell))]);
    await this.#webhook?.close();
    for (const generation of this.#generations.values()) generation.dispose();
    await this.#context?.dispose();
  }

  /** Builds and swaps in what the providers know now. A change that cannot be decoded at all replaces nothing. */
  async #take(collected: Collected): Promise<void> {
    const context = this.#context as InstallContext;
    this.#refused = collected.refused;
    for (const problem of collected.refused) this.#log.error(formatDiagnostic(problem));
    if (collected.configuration === undefined || (collected.refused.length > 0 && this.#current !== undefined)) {
      if (this.#current !== undefined) this.#log.error('the change was refused, the last good configuration goes on');
      context.observer.reloaded(false, { generation: this.#current?.id ?? 0, problems: collected.refused.length });
      if (this.#current !== undefined) this.#collection?.report(this.status());
      return;
    }
    const started = performance.now();
    const next = collected.configuration;
    let built = await buildGeneration(++this.#sequence, next, context, { pinned: new Map(), refused: this.#refused });
    let effective = next;
    const lastGood = this.#current?.status;
    const mended = keepLastGood(next, built.breakage, this.#effective, (key, last) => {
      if (key.startsWith('tls ')) return !last.problems.some((problem) => problem.severity === 'error');
      return lastGood?.items.some((item) => `${item.kind} ${item.name}` === key && item.status !== 'disabled') === true;
    });
    if (mended !== undefined) {
      built.generation.dispose();
      effective = mended.configuration;
      built = await buildGeneration(++this.#sequence, effective, context, {
        pinned: mended.pinned,
        refused: this.#refused,
      });
    }
    this.#swap(built.generation, effective);
    this.#collection?.report(built.generation.status);
    const errors = errorsOf(built.generation.status);
    for (const problem of built.generation.status.items.flatMap((item) => item.problems)) this.#report(problem);
    for (const problem of built.generation.status.problems) this.#report(problem);
    if (mended !== undefined) {
      this.#log.warn('what this change broke goes on in its last good version', {
        items: [...mended.pinned.keys()].join(', '),
      });
    }
    context.observer.reloaded(errors.length === 0, { generation: built.generation.id, problems: errors.length });
    this.#log.info('configuration loaded', {
      generation: built.generation.id,
      routers: effective.routers.size,
      services: effective.services.size,
      middlewares: effective.middlewares.size,
      errors: errors.length,
      lastGood: mended?.pinned.size,
      milliseconds: Math.round(performance.now() - started),
    });
  }

  #report(problem: Diagnostic): void {
    if (problem.severity === 'error') this.#log.error(formatDiagnostic(problem));
    else this.#log.warn(formatDiagnostic(problem));
  }

  #swap(generation: Generation, effective: DynamicConfiguration): void {
    try {
      for (const [name, settings] of generation.tls) this.#tls.get(name)?.use(settings);
    } catch (error) {
      this.#log.error('a certificate cannot be used, TLS stays as it was', {
        error: error instanceof Error ? error.message : String(error),
      });
    }
    const previous = this.#current;
    this.#current = generation;
    this.#effective = effective;
    this.#generations.set(generation.id, generation);
    for (const entrypoint of this.#entrypoints) entrypoint.use(this.#handlerFor(entrypoint.name, generation));
    generation.serve();
    previous?.retire();
    for (const [id, one] of this.#generations) if (one.disposed) this.#generations.delete(id);
  }

  async #open(): Promise<void> {
    const context = this.#context as InstallContext;
    const generation = this.#current as Generation;
    for (const options of entrypointOptions(this.#configuration)) {
      const settings = generation.tls.get(options.name);
      const tls = settings === undefined ? undefined : new TlsState(settings);
      if (tls !== undefined) this.#tls.set(options.name, tls);
      const entrypoint = new Entrypoint(options, {
        log: this.#log,
        observe: (exchange, status, end) => {
          const { generation: id } = exchange.facts;
          if (id !== undefined) this.#generations.get(id)?.leave();
          context.observer.finished(exchange, status, end);
        },
        ...(tls === undefined ? {} : { tls }),
      });
      this.#entrypoints.push(entrypoint);
      entrypoint.use(this.#handlerFor(options.name, generation));
      try {
        const address = await entrypoint.listen();
        this.addresses.set(options.name, address);
        this.#log.info('entrypoint listening', {
          entryPoint: options.name,
          address:
            address.family === 'IPv6' ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`,
          tls: options.tls,
        });
      } catch (error) {
        for (const one of this.#entrypoints) one.stopAccepting();
        const cause = error as NodeJS.ErrnoException;
        const address = this.#configuration.entryPoints[options.name]?.address ?? '';
        const why =
          cause.code === 'EADDRINUSE'
            ? 'the port is taken'
            : cause.code === 'EACCES'
              ? 'ports below 1024 need more rights'
              : cause.message;
        throw new PortcullisError(
          'CONFIG_INVALID_VALUE',
          `entrypoint ${options.name} cannot listen on ${address}: ${why}`,
          { cause },
        );
      }
    }
  }

  #handlerFor(name: string, generation: Generation): Handler {
    const route = generation.handlers.get(name) as Handler;
    const observer = (this.#context as InstallContext).observer;
    const { began } = observer;
    const counted: Handler = (exchange) => {
      began?.(exchange);
      generation.enter();
      exchange.facts.generation = generation.id;
      return route(exchange);
    };
    const admin = adminHandler(this.#configuration, {
      entrypoint: name,
      isAdmin: name === this.#adminName(),
      status: () => this.status(),
      terminating: () => this.#terminating,
      services: () => (this.#current as Generation).servers(),
      addresses: this.addresses,
      extra: name === this.#metricsEntrypoint() ? observer.documents : new Map(),
    });
    return admin === undefined ? counted : admin(counted);
  }

  #metricsEntrypoint(): string {
    return this.#configuration.metrics?.prometheus?.entryPoint ?? this.#adminName();
  }

  #adminName(): string {
    const { entryPoints } = this.#configuration;
    return 'admin' in entryPoints ? 'admin' : 'traefik' in entryPoints ? 'traefik' : 'admin';
  }
}
