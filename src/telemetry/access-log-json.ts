import { Buffer } from 'node:buffer';
import type { Exchange } from '../http/exchange.ts';
import {
  type AccessLogReader,
  accessLogReaders,
  type FinishedExchange,
  numbersOf,
  ownNumbers,
  ownTexts,
  textsOf,
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
const afterTime = Buffer.from('",');
const end = Buffer.from('}\n');
const redactedText = Buffer.from(JSON.stringify(redacted));
const comma = 0x2c;

/** Compiles lines of JSON: first what differs from request to request, then what mostly stays the same. */
export function compileJson(options: AccessLogOptions): LineWriter {
  const { defaultMode, names } = options.fields;
  const chosen = new Map<string, WrittenField>();
  for (const reader of accessLogReaders) {
    const mode = names[reader.name] ?? defaultMode;
    const key = Buffer.from(`${JSON.stringify(reader.name)}:`);
    if (mode !== 'drop') chosen.set(reader.name, { reader, key, redact: mode === 'redact' });
  }
  const ofPart = (part: AccessLogReader['part']) => [...chosen.values()].filter(({ reader }) => reader.part === part);
  const writeMoment = compileMoment(ofPart('moment'));
  const numbers = ownNumbers.map((name) => chosen.get(name));
  const texts = ownTexts.map((name) => chosen.get(name));
  const others = ofPart(undefined).filter((field) => !numbers.includes(field) && !texts.includes(field));
  const writeOthers = writeFields(others);
  const parts = accessLogParts
    .map(([part, { same, keep }]) => ({ fields: ofPart(part), same, keep }))
    .filter(({ fields }) => fields.length > 0)
    .map(({ fields, same, keep }) => new RecentFragments({ same, keep, encode: writeFields(fields) }));
  const common = new JoinedFragments<FinishedExchange>(parts);
  const writeHeaders = compileHeaders(options);
  return (finished, out) => {
    out.bytes(begin);
    writeIsoTime(out, finished.facts.startedAtWall + finished.duration);
    out.bytes(afterTime);
    writeMoment(finished, out);
    writeNumbers(out, numbers, numbersOf(finished));
    writeTexts(out, texts, textsOf(finished));
    writeOthers(out, finished);
    common.write(out, finished);
    if (writeHeaders !== undefined) out.text(writeHeaders(finished.exchange));
    // Each field has a comma behind it.
    out.length -= 1;
    out.bytes(end);
  };
}

function writeNumbers(
  out: ByteWriter,
  fields: readonly (WrittenField | undefined)[],
  values: readonly (number | undefined)[],
): void {
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index];
    const value = values[index];
    if (field === undefined || value === undefined) continue;
    out.bytes(field.key);
    if (field.redact) out.bytes(redactedText);
    else if (Number.isFinite(value)) out.number(value);
    else out.ascii('null');
    out.byte(comma);
  }
}

function writeTexts(
  out: ByteWriter,
  fields: readonly (WrittenField | undefined)[],
  values: readonly (string | undefined)[],
): void {
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index];
    const value = values[index];
    if (field === undefined || value === undefined) continue;
    out.bytes(field.key);
    if (field.redact) out.bytes(redactedText);
    else out.jsonText(value);
    out.byte(comma);
  }
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
      out.bytes(key);
      if (redact) out.bytes(redactedText);
      else writeValue(value, out);
      out.byte(comma);
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
