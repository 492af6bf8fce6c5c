import type { StaticConfiguration } from '../config/static/schema.ts';
import type { IncomingExchange } from '../entrypoint/incoming-exchange.ts';
import type { ReplyEnd } from '../entrypoint/reply-writer.ts';
import { type AccessLog, createAccessLog } from '../telemetry/access-log.ts';
import type { Logger } from '../telemetry/log.ts';

/** Hears what happens in the gateway and hands it to telemetry. Nothing here may fail or delay a request. */
export interface Observer {
  finished(exchange: IncomingExchange, status: number, end: ReplyEnd): void;
  reloaded(ok: boolean): void;
  reopen(): void;
  close(): Promise<void>;
}

/** Wires up what the install options ask for. */
export function createObserver(configuration: StaticConfiguration, log: Logger): Observer {
  const accessLog: AccessLog | undefined =
    configuration.accessLog === undefined ? undefined : createAccessLog(configuration.accessLog, log);
  return {
    finished(exchange, status) {
      accessLog?.record(exchange, status);
    },
    reloaded() {},
    reopen() {
      accessLog?.reopen();
    },
    async close() {
      await accessLog?.close();
    },
  };
}
