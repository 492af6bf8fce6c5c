import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { generate } from 'selfsigned';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type Diagnostic, formatDiagnostic } from '../../errors.ts';
import { parseSource } from '../source/parse-source.ts';
import type { ExternalFile } from './external-files.ts';
import { collectProblems } from './merge.ts';
import type { DynamicConfiguration, Item } from './model.ts';
import { translateDocuments } from './translate-documents.ts';

/**
 * One fixture is one text: files (`### name` begins one; the first is config.yaml), a line of `=`, and what they mean:
 * every diagnostic as a terminal shows it, a line of `-`, and the configuration. `UPDATE_FIXTURES=1` writes the second
 * half anew, to be read before it is committed. `<NAME>` and `<NAME base64>` stand for PEM texts made for the run.
 */

const folder = join(import.meta.dirname, 'fixtures');
const divider = `${'='.repeat(40)}\n`;
const update = process.env['UPDATE_FIXTURES'] === '1';
const pems = new Map<string, string>();

beforeAll(async () => {
  const certificate = async (notAfterDate: Date) =>
    generate([{ name: 'commonName', value: 'a.example' }], {
      keyType: 'ec',
      curve: 'P-256',
      notBeforeDate: new Date('2020-01-01'),
      notAfterDate,
    });
  const [first, second, ended] = await Promise.all([
    certificate(new Date('2090-01-01')),
    certificate(new Date('2090-01-01')),
    certificate(new Date('2021-01-01')),
  ]);
  for (const [name, pem] of Object.entries({
    CERTIFICATE: first.cert,
    KEY: first.private,
    'OTHER KEY': second.private,
    'ENDED CERTIFICATE': ended.cert,
    'ENDED KEY': ended.private,
  })) {
    pems.set(name, pem);
  }
});

function fillIn(text: string): string {
  const filled = (_: string, name: string, base64: string | undefined) => {
    const pem = pems.get(name) ?? '';
    return base64 === undefined ? pem : Buffer.from(pem).toString('base64');
  };
  return text.replaceAll(/<([A-Z ]+?)( base64)?>/g, filled);
}

function takeOut(text: string): string {
  return [...pems].reduce(
    (shown, [name, pem]) => shown.replaceAll(JSON.stringify(pem).slice(1, -1), `<${name}>`),
    text,
  );
}

/** Files by name. */
function split(input: string): [string, string][] {
  const [first = '', ...others] = `### config.yaml\n${input}`.split(/^### /m).filter((part) => part !== '');
  return [first, ...others].flatMap((part): [string, string][] => {
    const [name = '', ...lines] = part.split('\n');
    const content = lines.join('\n');
    return content.trim() === '' && name === 'config.yaml' ? [] : [[name, content]];
  });
}

function outcome(input: string): string {
  const files = split(input).map(([name, content]) => [name, fillIn(content)] as const);
  const isConfiguration = ([name]: readonly [string, string]) => /\.(?:ya?ml|json)$/.test(name);
  const parsed = files.filter(isConfiguration).map(([name, content]) => parseSource(name, content));
  const faults = parsed.flatMap(({ diagnostics }) => diagnostics);
  if (faults.length > 0) return `${show(faults)}refused\n`;
  const others = files.filter((file) => !isConfiguration(file));
  const external = new Map<string, ExternalFile>(others.map(([name, text]) => [resolve(name), { text }]));
  const documents = parsed.flatMap((one) => one.documents);
  const { wanted } = translateDocuments(documents, { files: external });
  for (const path of wanted) if (!external.has(path)) external.set(path, { error: 'does not exist' });
  const { configuration } = translateDocuments(documents, { files: external });
  return show(collectProblems(configuration)) + takeOut(render(configuration));
}

function show(diagnostics: readonly Diagnostic[]): string {
  return diagnostics.length === 0 ? '' : `${diagnostics.map(formatDiagnostic).join('\n')}\n${'-'.repeat(40)}\n`;
}

function render({ routers, services, middlewares, serversTransports, tls }: DynamicConfiguration): string {
  const items = (map: ReadonlyMap<string, Item<unknown>>) =>
    map.size === 0 ? undefined : Object.fromEntries([...map.values()].map((item) => [item.name, entry(item)]));
  const sections = {
    routers: items(routers),
    services: items(services),
    middlewares: items(middlewares),
    serversTransports: items(serversTransports),
    certificates:
      tls.certificates.length === 0 ? undefined : tls.certificates.map((item) => ({ name: item.name, ...entry(item) })),
    tlsOptions: items(tls.options),
    defaultCertificate: tls.defaultCertificate && entry(tls.defaultCertificate),
  };
  // Through JSON, which leaves out what is undefined and writes PEM texts on one line.
  return stringify(JSON.parse(JSON.stringify(sections)), {
    defaultStringType: 'PLAIN',
    lineWidth: 0,
    doubleQuotedAsJSON: true,
    blockQuote: false,
    aliasDuplicateObjects: false,
  });
}

function entry(item: Item<unknown>): object {
  const broken = item.problems.some(({ severity }) => severity === 'error');
  return broken ? { broken: true, ...(item.config as object) } : (item.config as object);
}

describe('configuration files', () => {
  const names = readdirSync(folder).filter((name) => name.endsWith('.fixture'));

  it('are many enough to mean something', () => {
    expect(names.length).toBeGreaterThan(80);
  });

  it.each(names)('[AR-configuration-files] %s', (name) => {
    const path = join(folder, name);
    const [input = '', expected = ''] = readFileSync(path, 'utf8').split(divider);
    const actual = outcome(input);
    if (update) writeFileSync(path, input + divider + actual);
    else expect(actual).toBe(expected);
  });
});
