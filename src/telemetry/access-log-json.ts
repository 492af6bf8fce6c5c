import { Buffer } from 'node:buffer';
import type { Exchange } from '../http/exchange.ts';
import {
  type AccessLogReader,
  accessLogReaders,
  type FinishedExchange,
  ownFields,
  ownValuesOf,
} from './access-log-fields.ts';
import { headerText, type LineWriter } from './access-log-line.ts';
import type { AccessLogOptions, Mode } from './access-log-options.ts';
import { accessLogParts } from './access-log-parts.ts';
import { ByteWriter } from './byte-writer.ts';
import { writeIsoTime } from './iso-time.ts';
import { JoinedFragments, RecentFragments } from './recent-fragments.ts';
import { isCredentialHeader, redacted } from './scrub.ts';

/** A field that is written, with its `"Name":` made once. */
interface WrittenField {
  readonly key: Uint8Array;
  readonly redact: boolean;
  readonly reader: AccessLogReader;
}

const begin = Buffer.from('{"level":"info","msg":"","time":"');
const end = Buffer.from('}\n');
const redactedText = Buffer.from(JSON.stringify(redacted));
const quote = 0x22;

/**
 * Compiles lines of JSON: first what differs from request to request, then what mostly stays the same. Little code for many
 * fields: a processor that comes from elsewhere has to fetch all of it.
 */
export function compileJson(options: AccessLogOptions): LineWriter {
  const { defaultMode, names } = options.fields;
  const chosen = new Map<string, WrittenField>();
  for (const reader of accessLogReaders) {
    const mode = names[reader.name] ?? defaultMode;
    const key = Buffer.from(`,${JSON.stringify(reader.name)}:`);
    if (mode !== 'drop') chosen.set(reader.name, { reader, key, redact: mode === 'redact' });
  }
  const ofPart = (part: AccessLogReader['part']) => [...chosen.values()].filter(({ reader }) => reader.part === part);
  const writeMoment = compileMoment(ofPart('moment'));
  const own = ownFields.map((name) => chosen.get(name));
  const writeOthers = fieldsWriter(ofPart(undefined).filter((field) => !own.includes(field)));
  const parts = accessLogParts
    .map(([part, { same, keep }]) => ({ fields: ofPart(part), same, keep }))
    .filter(({ fields }) => fields.length > 0)
    .map(({ fields, same, keep }) => new RecentFragments({ same, keep, encode: fieldsWriter(fields) }));
  const common = new JoinedFragments<FinishedExchange>(parts);
  const writeHeaders = compileHeaders(options);
  return (finished, out) => {
    writeMoment(finished, out);
    const values = ownValuesOf(finished);
    for (let index = 0; index < own.length; index++) {
      const field = own[index];
      const value = values[index];
      if (field !== undefined && value !== undefined) writeField(out, field, value);
    }
    writeOthers(out, finished);
    common.write(out, finished);
    if (writeHeaders !== undefined) out.text(writeHeaders(finished.exchange));
    out.bytes(end);
  };
}

/** Writes a field with a comma in front. */
function writeField(out: ByteWriter, { key, redact }: WrittenField, value: string | number | boolean): void {
  out.bytes(key);
  if (redact) out.bytes(redactedText);
  else if (typeof value === 'string') out.jsonText(value);
  else if (typeof value === 'boolean') out.ascii(value ? 'true' : 'false');
  else if (Number.isFinite(value)) out.number(value);
  else out.ascii('null');
}

function fieldsWriter(fields: readonly WrittenField[]): (out: ByteWriter, finished: FinishedExchange) => void {
  return (out, finished) => {
    for (const field of fields) {
      const value = field.reader.read(finished);
      if (value !== undefined) writeField(out, field, value);
    }
  };
}

/** Begins lines, with the fields that are the same for requests that began and ended in the same two milliseconds. */
function compileMoment(fields: readonly WrittenField[]): LineWriter {
  const write = fieldsWriter(fields);
  const bytes = new ByteWriter(256);
  let began = Number.NaN;
  let ended = Number.NaN;
  return (finished, out) => {
    const { startedAtWall } = finished.facts;
    const until = Math.floor(startedAtWall + finished.duration);
    if (startedAtWall !== began || until !== ended) {
      began = startedAtWall;
      ended = until;
      bytes.length = 0;
      bytes.bytes(begin);
      writeIsoTime(bytes, until);
      bytes.byte(quote);
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
    for (const [name, text] of members) line += `,${JSON.stringify(`request_${name}`)}:${JSON.stringify(text)}`;
    return line;
  };
}
