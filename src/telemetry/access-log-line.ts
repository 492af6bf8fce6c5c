import { Buffer } from 'node:buffer';
import type { FinishedExchange, LineWriter } from './access-log-field.ts';
import { accessLogReaders } from './access-log-fields.ts';
import type { AccessLogOptions, Mode } from './access-log-options.ts';
import { redacted, scrub } from './scrub.ts';

type Renderer = (finished: FinishedExchange) => string;

/** Compiles the Common Log Format with router, server and duration. */
export function compileCommon(options: AccessLogOptions): LineWriter {
  const field = compileField(options);
  const begin = beginCommon(options);
  const requestCount = field('RequestCount', '0');
  const router = field('RouterName');
  const server = field('ServiceURL');
  return (finished, out) =>
    out.text(
      `${begin(finished)} ${requestCount(finished)} "${router(finished)}" "${server(finished)}" ${Math.round(finished.duration)}ms\n`,
    );
}

/** Compiles the Common Log Format alone. */
export function compileGeneric(options: AccessLogOptions): LineWriter {
  const begin = beginCommon(options);
  return (finished, out) => out.text(`${begin(finished)}\n`);
}

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

function headerMode(options: AccessLogOptions, lowerName: string): Mode | undefined {
  const { names } = options.fields.headers;
  const spelled = Object.keys(names).find((name) => name.toLowerCase() === lowerName);
  return spelled === undefined ? undefined : names[spelled];
}

/** A referrer goes without its query. */
export function headerText(lowerName: string, value: string): string {
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
