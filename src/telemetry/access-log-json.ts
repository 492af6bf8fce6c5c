import type { Exchange } from '../http/exchange.ts';
import type { AccessLogReader, FinishedExchange, LineWriter } from './access-log-field.ts';
import { accessLogReaders } from './access-log-fields.ts';
import { JsonField } from './access-log-json-field.ts';
import { headerText } from './access-log-line.ts';
import type { AccessLogOptions, Mode } from './access-log-options.ts';
import { compileOwnFields, ownFields } from './access-log-own-fields.ts';
import { accessLogParts } from './access-log-parts.ts';
import { ByteWriter, FixedText } from './byte-writer.ts';
import { writeIsoTime } from './iso-time.ts';
import { JoinedFragments, RecentFragments } from './recent-fragments.ts';
import { isCredentialHeader, redacted } from './scrub.ts';

interface WrittenField {
  readonly reader: AccessLogReader;
  readonly field: JsonField;
}

const begin = new FixedText('{"level":"info","msg":"","time":"');
const end = new FixedText('}\n');
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
    if (mode !== 'drop') chosen.set(reader.name, { reader, field: new JsonField(reader.name, mode === 'redact') });
  }
  const ofPart = (part: AccessLogReader['part']) => [...chosen.values()].filter(({ reader }) => reader.part === part);
  const writeMoment = compileMoment(ofPart('moment'));
  const writeOwn = compileOwnFields((name) => chosen.get(name)?.field);
  const writeOthers = fieldsWriter(ofPart(undefined).filter(({ reader }) => !ownFields.includes(reader)));
  const parts = accessLogParts
    .map(([part, { same, keep }]) => ({ fields: ofPart(part), same, keep }))
    .filter(({ fields }) => fields.length > 0)
    .map(({ fields, same, keep }) => new RecentFragments({ same, keep, encode: fieldsWriter(fields) }));
  const common = new JoinedFragments<FinishedExchange>(parts);
  const writeHeaders = compileHeaders(options);
  return (finished, out) => {
    writeMoment(finished, out);
    writeOwn(finished, out);
    writeOthers(out, finished);
    common.write(out, finished);
    if (writeHeaders !== undefined) out.text(writeHeaders(finished.exchange));
    out.fixed(end);
  };
}

function fieldsWriter(fields: readonly WrittenField[]): (out: ByteWriter, finished: FinishedExchange) => void {
  return (out, finished) => {
    for (const { reader, field } of fields) field.write(out, reader.read(finished));
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
      bytes.fixed(begin);
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
