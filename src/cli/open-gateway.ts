import { type Gateway, startGateway } from '../gateway/gateway.ts';
import { pushLogs } from '../gateway/push-logs.ts';
import { type ApplicationLog, createApplicationLog } from '../telemetry/application-log.ts';
import type { Logger } from '../telemetry/log.ts';
import { type ExitCode, exitCode } from './exit-code.ts';
import type { LoadedInstallOptions } from './install-options.ts';
import { readVersion } from './package-facts.ts';
import { restWhenQuiet } from './rest.ts';

/** Time that a gateway which has met an unknown fault gets for ending its requests, in milliseconds. */
const faultGrace = 15_000;

/** A gateway in this process that signals control. */
export interface OpenGateway {
  readonly gateway: Gateway;
  /** The exit code, once everything that had to end has ended and the log is written. */
  readonly ended: Promise<number>;
}

/**
 * Starts a gateway as the process's main business: SIGTERM and SIGINT end it in order (a second one at once), SIGHUP
 * reads the routing configuration again, SIGUSR1 opens log files again, an unforeseen fault ends it with exit code 1.
 *
 * @throws PortcullisError when it cannot start.
 */
export async function openGateway(loaded: LoadedInstallOptions): Promise<OpenGateway> {
  const begun = performance.now();
  const { configuration } = loaded;
  const applicationLog = createApplicationLog(configuration.log);
  const log = applicationLog.logger;
  const report = compileLossReport(log);
  let notPushed = 0;
  const push = await pushLogs(configuration.log.otlp, configuration, process.env, (lines) => {
    notPushed += lines;
    report(lines);
  });
  if (push !== undefined) applicationLog.copyTo(push);
  const ending = new Ending(applicationLog);
  process.on('uncaughtException', (error) => ending.fault('uncaught exception', error));
  process.on('unhandledRejection', (error) => ending.fault('unhandled rejection', error));

  log.info('Portcullis starts', {
    version: readVersion(),
    node: process.versions.node,
    configurationFile: loaded.file,
  });
  if (configuration.providers.file === undefined && configuration.providers.kubernetesCRD === undefined) {
    log.warn('No routing configuration: name a folder (portcullis run FOLDER) or set providers.file.directory');
  }
  let gateway: Gateway;
  try {
    gateway = await startGateway({
      configuration,
      log,
      lost: { log: () => applicationLog.dropped, 'log-push': () => notPushed },
    });
  } catch (error) {
    await applicationLog.close();
    throw error;
  }
  ending.attach(gateway);
  process.on('SIGHUP', () => {
    log.info('SIGHUP: reading the routing configuration again');
    gateway.reload();
  });
  process.on('SIGUSR1', () => {
    applicationLog.reopen();
    gateway.reopenLogs();
    log.info('SIGUSR1: log files opened again');
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => ending.request(signal));
  restWhenQuiet({
    rested: (duration, bytes) =>
      log.debug('nothing happens: memory given back', {
        milliseconds: Math.round(duration),
        MiB: Math.round(bytes / 1_048_576),
      }),
  });
  log.info('Portcullis is ready', { milliseconds: Math.round(performance.now() - begun) });
  return { gateway, ended: ending.code };
}

/** Says how many lines the collector did not take, once a minute: each such line is one more to be sent. */
function compileLossReport(log: Logger): (lines: number) => void {
  let lost = 0;
  let said = Number.NEGATIVE_INFINITY;
  return (lines) => {
    lost += lines;
    if (performance.now() - said < 60_000) return;
    said = performance.now();
    log.warn('Log lines could not be sent to the collector', { lines: lost });
  };
}

/** Brings the process to its end, once. */
class Ending {
  readonly code: Promise<number>;
  readonly #applicationLog: ApplicationLog;
  readonly #leaveWith: (code: number) => void;
  #gateway: Gateway | undefined;
  #begun = false;

  constructor(applicationLog: ApplicationLog) {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.code = promise;
    this.#leaveWith = resolve;
    this.#applicationLog = applicationLog;
  }

  attach(gateway: Gateway): void {
    this.#gateway = gateway;
  }

  /** The first request lets everything end in order, a second one does not wait. */
  request(signal: 'SIGTERM' | 'SIGINT'): void {
    const { logger } = this.#applicationLog;
    if (this.#begun) {
      logger.warn(`${signal} again: leaving at once`);
      void this.#leave(signal === 'SIGTERM' ? 143 : 130);
      return;
    }
    logger.info(`${signal}: no new requests, waiting for the running ones`);
    void this.#drain(exitCode.ok, undefined);
  }

  /** After a fault that nobody foresaw the state is unknown: end what runs, and let the supervisor start a new process. */
  fault(what: string, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#applicationLog.logger.error(`${what}: ${text}`);
    if (!this.#begun) void this.#drain(exitCode.failed, faultGrace);
  }

  async #drain(code: ExitCode, atMost: number | undefined): Promise<void> {
    this.#begun = true;
    const shutdown = this.#gateway?.shutdown() ?? Promise.resolve();
    const limit = atMost === undefined ? [] : [new Promise<void>((resolve) => setTimeout(resolve, atMost))];
    let result = code;
    try {
      await Promise.race([shutdown, ...limit]);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#applicationLog.logger.error(`shutdown failed: ${reason}`);
      result = exitCode.failed;
    }
    this.#applicationLog.logger.info('Portcullis ends', { exitCode: result });
    await this.#leave(result);
  }

  async #leave(code: number): Promise<void> {
    await this.#applicationLog.close();
    this.#leaveWith(code);
  }
}
