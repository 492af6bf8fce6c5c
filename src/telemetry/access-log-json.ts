import { Buffer } from 'node:buffer';
import type { Exchange } from '../http/exchange.ts';
import { type AccessLogReader, accessLogReaders, type FinishedExchange } from './access-log-fields.ts';
import { headerText, type LineWriter } from './access-log-line.ts';
import type { AccessLogOptions, Mode } from './access-log-options.ts';
import { accessLogParts } from './access-log-parts.ts';
import { ByteWriter } from './byte-writer.ts';
import { writeIsoTime } from './iso-time.ts';
import { RecentFragments } from './recent-fragments.ts';
import { isCredentialHeader, redacted } from './scrub.ts';

/** A field that is written, with its `"Name":` and the comma before it made once. */
interface WrittenField {
  readonly key: string;
  readonly redact: boolean;
  readonly reader: AccessLogReader;
}

const tail = Buffer.from('"level":"info","msg":"","time":"');
const end = Buffer.from('"}\n');

/** Compiles lines of JSON: first what differs from request to request, then what mostly stays the same. */
export function compileJson(options: AccessLogOptions): LineWriter {
  const { defaultMode, names } = options.fields;
  const chosen: WrittenField[] = [];
  for (const reader of accessLogReaders) {
    const mode = names[reader.name] ?? defaultMode;
    if (mode !== 'drop') chosen.push({ reader, key: `${JSON.stringify(reader.name)}:`, redact: mode === 'redact' });
  }
  const writeMoment = compileMoment(chosen.filter(({ reader }) => reader.nature === 'moment'));
  const varying = chosen
    .filter(({ reader: { nature, part } }) => part === undefined && nature !== 'moment')
    .map(({ key, redact, reader }) => ({
      key: Buffer.from(key),
      read: reader.read,
      safe: redact || reader.nature === 'safe',
      redact,
    }));
  const parts = accessLogParts
    .map(([part, { same, keep }]) => {
      const fields = chosen.filter(({ reader }) => reader.part === part);
      return { fields, fragments: new RecentFragments({ same, keep, encode: writeFields(fields) }) };
    })
    .filter(({ fields }) => fields.length > 0)
    .map(({ fragments }) => fragments);
  const writeHeaders = compileHeaders(options);
  return (finished, out) => {
    out.byte(0x7b);
    writeMoment(finished, out);
    for (let index = 0; index < varying.length; index++) {
      const field = varying[index];
      const value = field?.read(finished);
      if (field === undefined || value === undefined) continue;
      out.bytes(field.key);
      if (field.safe) {
        out.byte(0x22);
        out.ascii(field.redact ? redacted : String(value));
        out.byte(0x22);
      } else writeValue(value, out);
      out.byte(0x2c);
    }
    for (let index = 0; index < parts.length; index++) parts[index]?.write(out, finished);
    if (writeHeaders !== undefined) out.text(writeHeaders(finished.exchange));
    out.bytes(tail);
    writeIsoTime(out, finished.facts.startedAtWall + finished.duration);
    out.bytes(end);
  };
}

function writeValue(value: string | number | boolean, out: ByteWriter): void {
  if (typeof value === 'string') out.jsonText(value);
  else if (typeof value === 'boolean') out.ascii(value ? 'true' : 'false');
  else if (Number.isFinite(value)) out.number(value);
  else out.ascii('null');
}

/** Writes all of some fields, each with a comma behind it. */
function writeFields(fields: readonly WrittenField[]): (out: ByteWriter, finished: FinishedExchange) => void {
  return (out, finished) => {
    for (const { key, redact, reader } of fields) {
      const value = reader.read(finished);
      if (value === undefined) continue;
      out.ascii(key);
      writeValue(redact ? redacted : value, out);
      out.byte(0x2c);
    }
  };
}

/** The same for fields that requests of one millisecond share. */
function compileMoment(fields: readonly WrittenField[]): LineWriter {
  const write = writeFields(fields);
  const bytes = new ByteWriter(256);
  let last = Number.NaN;
  return (finished, out) => {
    const { startedAtWall } = finished.facts;
    if (startedAtWall !== last) {
      last = startedAtWall;
      bytes.length = 0;
      write(bytes, finished);
    }
    out.append(bytes);
  };
}

/** Request headers as `request_<Name>`; undefined when none is wanted. */
function compileHeaders({ fields: { headers } }: AccessLogOptions): ((exchange: Exchange) => string) | undefined {
  const modes = new Map<string, Mode | undefined>();
  for (const [name, mode] of Object.entries(headers.names)) modes.set(name.toLowerCase(), mode);
  if (headers.defaultMode === 'drop' && [...modes.values()].every((mode) => mode === 'drop')) return undefined;
  return (exchange) => {
    const members = new Map<string, string>();
    exchange.headers.forEach(({ spelled: name, lower: lowerName }, value) => {
      const mode = modes.get(lowerName) ?? headers.defaultMode;
      if (mode === 'drop') return;
      const text = mode === 'redact' || isCredentialHeader(lowerName) ? redacted : headerText(lowerName, value);
      const before = members.get(name);
      members.set(name, before === undefined ? text : `${before}, ${text}`);
    });
    let line = '';
    for (const [name, text] of members) line += `${JSON.stringify(`request_${name}`)}:${JSON.stringify(text)},`;
    return line;
  };
}
