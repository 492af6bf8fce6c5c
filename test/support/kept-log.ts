import { afterAll } from 'vitest';
import { createApplicationLog } from '../../src/telemetry/application-log.ts';
import { ByteWriter } from '../../src/telemetry/byte-writer.ts';
import type { LineSink } from '../../src/telemetry/line-sink.ts';
import type { LogFields, Logger, LogLevel } from '../../src/telemetry/log.ts';
import { keepOutput } from './canaries.ts';

/** Characters that wait, so that a property test does not write a file for each of its many lines. */
const muchWaiting = 64 * 1_024;

/**
 * A sink in memory whose lines are searched for secrets at the end of the run. `seen` gets each line as well.
 */
export function keptSink(name: string, seen: (line: string) => void = () => {}): LineSink {
  const take = (line: string): void => {
    keepWithin(name, line);
    seen(line);
  };
  return {
    write: take,
    add(encode, source) {
      const line = new ByteWriter();
      encode(source, line);
      take(line.written.toString());
    },
    reopen() {},
    close: () => Promise.resolve(),
    dropped: 0,
    onRecovered: undefined,
  };
}

/**
 * The application log of whatever part of a gateway a test builds within its own process: everything is written, as the
 * product would write it, to where the end of the run searches for secrets.
 */
export const keptLogger: Logger = createApplicationLog(
  { level: 'DEBUG', format: 'json', noColor: true },
  { sink: keptSink('log') },
).logger;

/** As {@link keptLogger}, and tells the test what it hears. */
export function heardLogger(hear: (level: LogLevel, message: string, fields: LogFields) => void): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      keptLogger[level](message, fields);
      hear(level, message, fields);
    };
  const logger: Logger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: () => logger,
    enabled: () => true,
  };
  return logger;
}

const waiting = new Map<string, { text: string; readonly folder: string | undefined }>();

/** Keeps a piece of output that was written within this process; pieces of one name are searched as one text. */
export function keepWithin(name: string, line: string): void {
  const folder = process.env['TEST_OUTPUTS'];
  const held = waiting.get(name);
  if (held !== undefined && held.folder !== folder) flushKept();
  const entry = waiting.get(name) ?? { text: '', folder };
  entry.text += line;
  waiting.set(name, entry);
  if (entry.text.length > muchWaiting) flushKept();
}

afterAll(flushKept);

/** Writes what waits; the end of a test file does it, too. */
export function flushKept(): void {
  for (const [name, { text, folder }] of waiting) keepOutput('within', name, text, folder);
  waiting.clear();
}
