import type { Exchange } from '../http/exchange.ts';
import type { FinishedExchange, LineWriter } from './access-log-field.ts';
import { compileJson } from './access-log-json.ts';
import { compileCommon, compileGeneric } from './access-log-line.ts';
import type { AccessLogOptions } from './access-log-options.ts';
import { ByteWriter } from './byte-writer.ts';
import { type LineSink, openLineSink } from './line-sink.ts';
import type { Logger } from './log.ts';

/** How a request ended, beside what its facts say. */
export interface ReplyEnded {
  readonly status: number;
  /** By the clock of `facts.startedAt`. */
  readonly end: number;
}

export interface AccessLog {
  /** Writes the line of a finished exchange, unless the filters keep it out. Never throws, never waits. */
  record(exchange: Exchange, end: ReplyEnded): void;
  /** Opens the file again after a rotation. */
  reopen(): void;
  /** Lines that were dropped so far because their reader was too slow or the disk full. */
  readonly dropped: number;
  close(): Promise<void>;
}

/** Milliseconds that lines wait for others. */
const delay = 50;

/**
 * Opens the access log. Credentials are redacted whatever the options say, queries are never written: both are places
 * where clients put tokens.
 *
 * @throws when `filePath` cannot be opened for writing.
 */
export function createAccessLog(
  options: AccessLogOptions,
  log: Logger,
  parts: {
    readonly sink?: LineSink;
    /** Gets every line, without its line feed. */
    readonly copy?: ((line: string, exchange: Exchange, time: number) => void) | undefined;
  } = {},
): AccessLog {
  const { copy } = parts;
  const writes = copy === undefined || options.dualOutput;
  const sink = writes
    ? (parts.sink ?? openLineSink({ filePath: options.filePath, holdBack: options.bufferingSize, delay }))
    : undefined;
  if (sink !== undefined)
    sink.onRecovered = (lost) =>
      log.warn('Access log lines were dropped because their reader was too slow', { lines: lost });
  const keeps = compileFilters(options.filters);
  const writeLine = writers[options.format](options);
  const line = new ByteWriter();
  let count = 0;
  return {
    record(exchange, { status, end }) {
      count += 1;
      const { facts } = exchange;
      const finished: FinishedExchange = { exchange, facts, status, duration: end - facts.startedAt, count };
      if (!keeps(finished)) return;
      if (copy === undefined) {
        sink?.add(writeLine, finished);
        return;
      }
      line.length = 0;
      writeLine(finished, line);
      const text = line.written.toString();
      sink?.write(text);
      copy(text.slice(0, -1), exchange, facts.startedAtWall + finished.duration);
    },
    reopen: () => sink?.reopen(),
    get dropped() {
      return sink?.dropped ?? 0;
    },
    close: () => sink?.close() ?? Promise.resolve(),
  };
}

/** Without any filter everything is kept; else what meets at least one of them. */
function compileFilters(filters: AccessLogOptions['filters']): (finished: FinishedExchange) => boolean {
  const tests: ((finished: FinishedExchange) => boolean)[] = [];
  const ranges = filters.statusCodes.map((text) => {
    const [from = '', to = from] = text.split('-');
    return [Number(from), Number(to)] as const;
  });
  if (ranges.length > 0) tests.push(({ status }) => ranges.some(([from, to]) => status >= from && status <= to));
  if (filters.retryAttempts) tests.push(({ facts }) => facts.retryAttempts > 0);
  if (filters.minDuration > 0) tests.push(({ duration }) => duration >= filters.minDuration);
  return tests.length === 0 ? () => true : (finished) => tests.some((test) => test(finished));
}

const writers: Readonly<Record<AccessLogOptions['format'], (options: AccessLogOptions) => LineWriter>> = {
  common: compileCommon,
  genericCLF: compileGeneric,
  json: compileJson,
};
