import { nearest } from '../../errors.ts';
import { diagnose } from '../diagnose.ts';
import { isPlainObject } from '../source/plain-value.ts';
import type { SourceDocument } from '../source/source-document.ts';
import { objectProvider } from './manifests/names.ts';
import {
  beginTranslation,
  finishTranslation,
  type SourceObject,
  type TranslateOptions,
} from './manifests/translate-objects.ts';
import type { DynamicConfiguration, Origin } from './model.ts';
import { fileProvider } from './routing-file/file-names.ts';
import { translateRoutingFile } from './routing-file/translate-routing-file.ts';

/** A translation, and the files that it needs beside the documents; with some of them missing it has to be done again. */
export interface TranslatedDocuments {
  readonly configuration: DynamicConfiguration;
  /** Absolute paths. */
  readonly wanted: ReadonlySet<string>;
}

/**
 * Translates the documents of files: Kubernetes manifests and Traefik's own format, told apart by what they hold.
 */
export function translateDocuments(
  documents: readonly SourceDocument[],
  options: TranslateOptions = {},
): TranslatedDocuments {
  const forms = documents.map((document) => [formOf(document.value), document] as const);
  const objects = forms.flatMap(([form, document]): SourceObject[] =>
    form === 'manifest' ? [{ value: document.value, origin: originOf(document, objectProvider) }] : [],
  );
  const translation = beginTranslation(objects, options);
  for (const [form, document] of forms) {
    const origin = originOf(document, fileProvider);
    if (form === 'routing') translateRoutingFile(translation, document.value, origin);
    if (form === 'install') {
      const message = 'these are install options, not routing, so they are not used here';
      translation.problems.push(
        diagnose(origin, [], {
          code: 'CONFIG_UNSUPPORTED',
          severity: 'info',
          message,
          hint: 'pass the file as `--configFile`',
        }),
      );
    }
    if (form === 'unknown') {
      const message = 'this is neither a manifest nor a routing file';
      const hint = 'a manifest has `apiVersion` and `kind`; a routing file has `http` or `tls`';
      translation.problems.push(
        diagnose(origin, [], { code: 'CONFIG_UNKNOWN_KIND', severity: 'error', message, hint }),
      );
    }
  }
  return { configuration: finishTranslation(translation), wanted: translation.texts.wanted };
}

const routingKeys = ['http', 'tls', 'tcp', 'udp'];
const installKeys: ReadonlySet<string> = new Set([
  ...[
    'entryPoints',
    'providers',
    'providersThrottleDuration',
    'serversTransport',
    'api',
    'ping',
    'log',
    'accessLog',
    'mcp',
    'hub',
    'resolve',
  ],
  ...[
    'metrics',
    'tracing',
    'global',
    'core',
    'certificatesResolvers',
    'experimental',
    'hostResolver',
    'spiffe',
    'ocsp',
  ],
]);

function formOf(value: unknown): 'manifest' | 'routing' | 'install' | 'unknown' | 'empty' {
  if (!isPlainObject(value)) return 'unknown';
  const keys = Object.keys(value);
  if (keys.length === 0) return 'empty';
  if ('kind' in value || 'apiVersion' in value) return 'manifest';
  if (keys.some((key) => routingKeys.includes(key))) return 'routing';
  if (keys.every((key) => installKeys.has(key))) return 'install';
  return keys.some((key) => nearest(key, routingKeys) !== undefined) ? 'routing' : 'unknown';
}

function originOf(document: SourceDocument, provider: string): Origin {
  return {
    provider,
    label: '',
    locate: (path, options) => document.locate(path, options),
    line: (position) => document.line(position),
  };
}
