import { type LineSink, openLineSink } from './line-sink.ts';
import type { LogFields, Logger, LogLevel } from './log.ts';
import type { LogRecord } from './otlp/log-record.ts';
import { scrub } from './scrub.ts';

export interface ApplicationLogOptions {
  readonly level: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
  /** `common`: `2025-10-07T13:39:51Z DBG message key=value`. `json`: one object per line. */
  readonly format: 'common' | 'json';
  /** Absent: standard output. */
  readonly filePath?: string | undefined;
  readonly noColor: boolean;
}

/** Where lines go besides, with their fields; must not log itself. */
export interface LineCopy {
  add(record: LogRecord): void;
  close(withinMs: number): Promise<void>;
}

export interface ApplicationLog {
  readonly logger: Logger;
  /** From now on every line goes there as well. */
  copyTo(copy: LineCopy): void;
  /** Opens the file again after a rotation. */
  reopen(): void;
  /** Lines that were dropped so far because their reader was too slow or the disk full. */
  readonly dropped: number;
  /** Writes what is left (bounded in time). */
  close(): Promise<void>;
}

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
const shortNames: Readonly<Record<LogLevel, string>> = { debug: 'DBG', info: 'INF', warn: 'WRN', error: 'ERR' };
const colours: Readonly<Record<LogLevel, string>> = {
  debug: '\u001b[34m',
  info: '\u001b[32m',
  warn: '\u001b[33m',
  error: '\u001b[31m',
};
const colourOff = '\u001b[0m';

/**
 * Opens the application log. Writing to it never waits; lines that found no room are dropped, and the next line that
 * gets through is preceded by one that says how many.
 *
 * @throws when `filePath` cannot be opened for writing.
 */
export function createApplicationLog(
  options: ApplicationLogOptions,
  parts: { sink?: LineSink; now?: () => Date } = {},
): ApplicationLog {
  const sink = parts.sink ?? openLineSink({ filePath: options.filePath });
  const now = parts.now ?? (() => new Date());
  const colour =
    options.format === 'common' && options.filePath === undefined && !options.noColor && process.stdout.isTTY === true;
  const threshold = ranks[options.level.toLowerCase() as LogLevel];
  const render = options.format === 'json' ? renderJson : colour ? renderColoured : renderCommon;

  let copy: LineCopy | undefined;
  const write = (level: LogLevel, message: string, fields: LogFields): void => {
    if (ranks[level] < threshold) return;
    const time = now();
    sink.write(render(time, level, message, fields));
    copy?.add({ time: time.getTime(), severity: level, body: scrub(message), attributes: scrubFields(fields) });
  };
  sink.onRecovered = (lost) =>
    write('warn', 'Log lines were dropped because their reader was too slow', { lines: lost });

  const make = (bound: LogFields): Logger => {
    const at = (level: LogLevel) => (message: string, fields?: LogFields) =>
      write(level, message, fields === undefined ? bound : { ...bound, ...fields });
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      with: (fields) => make({ ...bound, ...fields }),
      enabled: (level) => ranks[level] >= threshold,
    };
  };
  return {
    logger: make({}),
    copyTo(to) {
      copy = to;
    },
    reopen: () => sink.reopen(),
    get dropped() {
      return sink.dropped;
    },
    async close() {
      await Promise.all([sink.close(), copy?.close(1_000)]);
    },
  };
}

function scrubFields(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? scrub(value) : value]),
  );
}

function renderCommon(time: Date, level: LogLevel, message: string, fields: LogFields): string {
  return `${formatSeconds(time)} ${shortNames[level]} ${escapeControls(scrub(message))}${renderPairs(fields, '', '')}\n`;
}

function renderColoured(time: Date, level: LogLevel, message: string, fields: LogFields): string {
  const name = `${colours[level]}${shortNames[level]}${colourOff}`;
  return `\u001b[90m${formatSeconds(time)}${colourOff} ${name} ${escapeControls(scrub(message))}${renderPairs(fields, '\u001b[36m', colourOff)}\n`;
}

function renderPairs(fields: LogFields, before: string, after: string): string {
  let text = '';
  for (const name of Object.keys(fields).sort(byName)) {
    const value = fields[name];
    if (value !== undefined)
      text += ` ${before}${name}=${after}${typeof value === 'string' ? quoteIfNeeded(scrub(value)) : value}`;
  }
  return text;
}

/** An error is what a reader looks for first; the rest is in order of the alphabet, as Traefik writes it. */
function byName(a: string, b: string): number {
  if (a === 'error' || b === 'error') return a === b ? 0 : a === 'error' ? -1 : 1;
  return a < b ? -1 : 1;
}

function renderJson(time: Date, level: LogLevel, message: string, fields: LogFields): string {
  const line: Record<string, string | number | boolean> = { level, time: time.toISOString(), message: scrub(message) };
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    // A field must not pass itself off as one of the three that every line has.
    line[Object.hasOwn(line, name) ? `field.${name}` : name] = typeof value === 'string' ? scrub(value) : value;
  }
  return `${JSON.stringify(line)}\n`;
}

function formatSeconds(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

function quoteIfNeeded(text: string): string {
  if (/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text)) return text;
  // JSON leaves these as they are; a terminal takes some of them for the beginning of a command.
  return JSON.stringify(text).replace(/[\x7f-\x9f\u2028\u2029]/g, codePoint);
}

/**
 * Nothing in a message can pass for a line of its own (what follows a line feed is set in, as in a diagnostic with its
 * excerpt), and a terminal gets no commands.
 */
function escapeControls(text: string): string {
  return text.replaceAll('\n', '\n    ').replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]/g, (character) =>
    JSON.stringify(character)
      .slice(1, -1)
      .replace(/^[^\\]$/, codePoint),
  );
}

function codePoint(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
