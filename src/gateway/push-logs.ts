import { version } from '../admin/version.ts';
import type { StaticConfiguration } from '../config/static/schema.ts';
import type { Push } from '../telemetry/opentelemetry.ts';
import type { LogRecord } from '../telemetry/otlp/log-record.ts';
import { type Environment, type OtlpOptions, otlpRoute, resourceAttributesOf } from '../telemetry/otlp-options.ts';

/** Sends lines of a log as OpenTelemetry's log records. */
export interface LogPush extends Pick<Push, 'close'> {
  add(record: LogRecord): void;
}

/** Undefined when `otlp` is not configured. What pushes is loaded only when something is to be pushed. */
export async function pushLogs(
  otlp: OtlpOptions | undefined,
  configuration: StaticConfiguration,
  env: Environment,
  dropped: (records: number) => void,
): Promise<LogPush | undefined> {
  if (otlp === undefined || env['OTEL_SDK_DISABLED'] === 'true') return undefined;
  const [{ pushRecords }, { writeLogRecord }] = await Promise.all([
    import('../telemetry/opentelemetry.ts'),
    import('../telemetry/otlp/log-record.ts'),
  ]);
  const push = await pushRecords({
    signal: 'logs',
    route: otlpRoute(otlp, 'logs', env),
    resource: resourceAttributesOf(configuration.tracing ?? {}, version, env),
    env,
    dropped,
  });
  return {
    add: (record) =>
      push.add(1, (out) => {
        writeLogRecord(out, record);
        return 1;
      }),
    close: (withinMs) => push.close(withinMs),
  };
}
