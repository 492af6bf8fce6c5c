import type { Exchange } from '../http/exchange.ts';
import { type AccessLogReader, accessLogReaders, type FinishedExchange } from './access-log-fields.ts';
import { isoTime } from './iso-time.ts';
import { type LineSink, openLineSink } from './line-sink.ts';
import type { Logger } from './log.ts';
import { isCredentialHeader, redacted, scrub } from './scrub.ts';

type Mode = 'keep' | 'drop' | 'redact';

/** The same shape as the install option `accessLog`. Durations in milliseconds. */
export interface AccessLogOptions {
  readonly filePath?: string | undefined;
  readonly format: 'common' | 'genericCLF' | 'json';
  readonly bufferingSize: number;
  readonly filters: {
    readonly statusCodes: readonly string[];
    readonly retryAttempts: boolean;
    readonly minDuration: number;
  };
  readonly fields: {
    readonly defaultMode: Mode;
    readonly names: Readonly<Record<string, Mode | undefined>>;
    readonly headers: { readonly defaultMode: Mode; readonly names: Readonly<Record<string, Mode | undefined>> };
  };
}

export interface AccessLog {
  /** Writes the line of a finished exchange, unless the filters keep it out. Never throws, never waits. */
  record(exchange: Exchange, status: number, trace?: { readonly traceId: string; readonly spanId: string }): void;
  /** Opens the file again after a rotation. */
  reopen(): void;
  close(): Promise<void>;
}

/** A line of text for a finished exchange. */
type Renderer = (finished: FinishedExchange) => string;

/**
 * Opens the access log. Credentials are redacted whatever the options say, queries are never written: both are places
 * where clients put tokens.
 *
 * @throws when `filePath` cannot be opened for writing.
 */
export function createAccessLog(
  options: AccessLogOptions,
  log: Logger,
  parts: { readonly sink?: LineSink; readonly now?: () => number } = {},
): AccessLog {
  const sink = parts.sink ?? openLineSink({ filePath: options.filePath, holdBack: options.bufferingSize });
  const now = parts.now ?? (() => performance.now());
  sink.onRecovered = (lost) =>
    log.warn('Access log lines were dropped because their reader was too slow', { lines: lost });
  const keeps = compileFilters(options.filters);
  const render = renderers[options.format](options);
  let count = 0;
  return {
    record(exchange, status, trace) {
      count += 1;
      const finished: FinishedExchange = {
        exchange,
        facts: exchange.facts,
        status,
        duration: now() - exchange.facts.startedAt,
        count,
        trace,
      };
      if (keeps(finished)) sink.write(render(finished));
    },
    reopen: () => sink.reopen(),
    close: () => sink.close(),
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

const renderers: Readonly<Record<AccessLogOptions['format'], (options: AccessLogOptions) => Renderer>> = {
  common: (options) => {
    const field = compileField(options);
    const begin = beginCommon(options);
    const requestCount = field('RequestCount', '0');
    const router = field('RouterName');
    const server = field('ServiceURL');
    return (finished) =>
      `${begin(finished)} ${requestCount(finished)} "${router(finished)}" "${server(finished)}" ${Math.round(finished.duration)}ms\n`;
  },
  genericCLF: (options) => {
    const begin = beginCommon(options);
    return (finished) => `${begin(finished)}\n`;
  },
  json: compileJson,
};

/** The Common Log Format with referrer and user agent. */
function beginCommon(options: AccessLogOptions): Renderer {
  const field = compileField(options);
  const client = field('ClientHost');
  const user = field('ClientUsername');
  const method = field('RequestMethod');
  const path = field('RequestPath');
  const protocol = field('RequestProtocol');
  const status = field('DownstreamStatus');
  const size = field('DownstreamContentSize');
  const referrer = compileHeader(options, 'referer');
  const agent = compileHeader(options, 'user-agent');
  return (finished) =>
    `${client(finished)} - ${user(finished)} [${formatTimestamp(finished.facts.startedAtWall)}] ` +
    `"${method(finished)} ${path(finished)} ${protocol(finished)}" ${status(finished)} ${size(finished)} "${referrer(finished)}" "${agent(finished)}"`;
}

/** A field as text for the two line formats; what is dropped or absent is a dash. */
function compileField(options: AccessLogOptions): (name: string, absent?: string) => Renderer {
  return (name, absent = '-') => {
    const mode = options.fields.names[name] ?? options.fields.defaultMode;
    const reader = accessLogReaders.find((each) => each.name === name);
    if (reader === undefined || mode === 'drop') return () => absent;
    if (mode === 'redact') return () => redacted;
    return (finished) => {
      const value = reader.read(finished);
      return value === undefined || value === '' ? absent : escapeText(String(value));
    };
  };
}

/** Referrer and user agent belong to the format, so they are written unless the operator names them otherwise. */
function compileHeader(options: AccessLogOptions, lowerName: string): Renderer {
  const mode = headerMode(options, lowerName) ?? 'keep';
  if (mode === 'drop') return () => '-';
  if (mode === 'redact') return () => redacted;
  return ({ exchange }) => {
    const value = exchange.headers.get(lowerName);
    return value === undefined || value === '' ? '-' : escapeText(headerText(lowerName, value));
  };
}

function compileJson(options: AccessLogOptions): Renderer {
  const { defaultMode, names, headers } = options.fields;
  const chosen: { readonly reader: AccessLogReader; readonly key: string; readonly redact: boolean }[] = [];
  for (const reader of accessLogReaders) {
    const mode = names[reader.name] ?? defaultMode;
    if (mode !== 'drop') chosen.push({ reader, key: `${JSON.stringify(reader.name)}:`, redact: mode === 'redact' });
  }
  const writesHeaders = headers.defaultMode !== 'drop' || Object.values(headers.names).some((mode) => mode !== 'drop');
  return (finished) => {
    let line = '{';
    for (const { reader, key, redact } of chosen) {
      const value = reader.read(finished);
      if (value !== undefined) line += `${key}${redact ? `"${redacted}"` : encode(value)},`;
    }
    if (writesHeaders) {
      const fields: Record<string, unknown> = {};
      addHeaders(fields, finished.exchange, options);
      const members = JSON.stringify(fields).slice(1, -1);
      if (members !== '') line += `${members},`;
    }
    return `${line}"level":"info","msg":"","time":"${isoTime(finished.facts.startedAtWall + finished.duration)}"}\n`;
  };
}

/** As `JSON.stringify`, quicker for the many texts that need no escaping. */
function encode(value: string | number | boolean): string {
  if (typeof value === 'string') return needsEscape.test(value) ? JSON.stringify(value) : `"${value}"`;
  return typeof value === 'number' && !Number.isFinite(value) ? 'null' : String(value);
}

const needsEscape = /["\\\x00-\x1f\ud800-\udfff]/;

function addHeaders(line: Record<string, unknown>, exchange: Exchange, options: AccessLogOptions): void {
  exchange.headers.forEach((name, value, lowerName) => {
    const mode = headerMode(options, lowerName) ?? options.fields.headers.defaultMode;
    if (mode === 'drop') return;
    const key = `request_${name}`;
    const text = mode === 'redact' || isCredentialHeader(lowerName) ? redacted : headerText(lowerName, value);
    line[key] = Object.hasOwn(line, key) ? `${line[key]}, ${text}` : text;
  });
}

function headerMode(options: AccessLogOptions, lowerName: string): Mode | undefined {
  const { names } = options.fields.headers;
  const spelled = Object.keys(names).find((name) => name.toLowerCase() === lowerName);
  return spelled === undefined ? undefined : names[spelled];
}

/** A referrer goes without its query. */
function headerText(lowerName: string, value: string): string {
  return scrub(lowerName === 'referer' ? value.replace(/[?#].*$/s, '') : value);
}

/** Quotes, backslashes and whatever is not printable ASCII could fake the end of a field or of a line. */
function escapeText(text: string): string {
  return text.replace(/["\\]|[^\x20-\x7e]/g, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`;
    return [...Buffer.from(character, 'utf8')].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
  });
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
let formattedSecond = -1;
let formatted = '';

/** `10/Oct/2025:13:55:36 +0000`. Most lines of one second share the text. */
function formatTimestamp(milliseconds: number): string {
  const second = Math.floor(milliseconds / 1000);
  if (second !== formattedSecond) {
    const time = new Date(second * 1000);
    const two = (value: number) => String(value).padStart(2, '0');
    const day = `${two(time.getUTCDate())}/${months[time.getUTCMonth()]}/${time.getUTCFullYear()}`;
    formatted = `${day}:${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())} +0000`;
    formattedSecond = second;
  }
  return formatted;
}
