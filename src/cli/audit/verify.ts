import { createReadStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { AuditVerifier, readPublicKey } from '../../telemetry/audit/verify.ts';
import { type CommandDefinition, UsageError } from '../command.ts';
import { exitCode } from '../exit-code.ts';

export const command: CommandDefinition = {
  configure(verify) {
    verify
      .argument('<files...>', 'audit files, the oldest first when a stream was rotated')
      .option('--key <key>', 'public key of the checkpoints: a PEM file, or the base64 text of the log')
      .option('--partial', 'the files are a part of a stream: chains may begin earlier and go on later')
      .option('--json', 'the result as JSON')
      .addHelpText(
        'after',
        `
Without --key the stream's own key is taken: that shows that it fits together, not who wrote it. Keep the key that the
gateway logs at its start (or set audit.signingKeyFile) somewhere else than the stream.

Exit code 0 when nothing is wrong, 1 otherwise.

Examples:
  portcullis audit verify audit.jsonl --key audit-public.pem
  portcullis audit verify audit.jsonl.1 audit.jsonl --partial`,
      );
  },
  async execute({ operands, options, out, err }) {
    const named = typeof options['key'] === 'string' ? options['key'] : undefined;
    const verifier = new AuditVerifier({ key: readKey(named), partial: options['partial'] === true });
    for (const file of operands) {
      let number = 0;
      try {
        for await (const line of createInterface({
          input: createReadStream(file),
          crlfDelay: Number.POSITIVE_INFINITY,
        }))
          verifier.take(line, file, ++number);
      } catch (error) {
        throw new UsageError(`${file} cannot be read (${error instanceof Error ? error.message : String(error)})`);
      }
    }
    const report = verifier.report();
    if (options['json'] === true) out(`${JSON.stringify(report, undefined, 2)}\n`);
    else {
      for (const { file, line, message } of report.problems) err(`${file}:${line}: ${message}\n`);
      out(
        `${[
          `${counted(report.records, 'record')} in ${counted(report.chains, 'chain')}`,
          counted(report.signed, 'valid signature'),
          `${counted(report.lost, 'record')} lost at the time`,
          counted(report.problems.length, 'problem'),
        ].join(', ')}\n`,
      );
      if (named === undefined) out('(verified with the key in the stream itself: say --key to know who wrote it)\n');
    }
    return report.problems.length === 0 && report.records > 0 ? exitCode.ok : exitCode.failed;
  },
};

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function readKey(named: string | undefined) {
  if (named === undefined) return undefined;
  const inline = readPublicKey(named);
  if (inline !== undefined) return inline;
  let text: string;
  try {
    text = readFileSync(named, 'utf8');
  } catch {
    throw new UsageError(`--key: ${named} is neither a public key in base64 nor a file that can be read`);
  }
  const key = readPublicKey(text);
  if (key === undefined) throw new UsageError(`--key: ${named} holds no Ed25519 public key`);
  return key;
}
