import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { decode } from '../config/decode.ts';
import { translateObjects } from '../config/dynamic/manifests/translate-objects.ts';
import type { Item, MiddlewareConfig } from '../config/dynamic/model.ts';
import { errorsOf } from '../config/runtime/status.ts';
import { isPlainObject } from '../config/source/plain-value.ts';
import type { StaticConfiguration } from '../config/static/schema.ts';
import { parseAddress } from '../config/static/values.ts';
import { Entrypoint } from '../entrypoint/entrypoint.ts';
import { defaultLimits, defaultTimeouts, noEncodedCharacters } from '../entrypoint/options.ts';
import { type CertificatePair, defaultTlsBehaviour, type TlsSettings, TlsState } from '../entrypoint/tls-state.ts';
import { type Diagnostic, type ErrorCode, formatDiagnostic, PortcullisError } from '../errors.ts';
import type { Exchange, Reply } from '../http/exchange.ts';
import { Refusal, textReply } from '../http/refusal.ts';
import { middlewareDefinitions } from '../middleware/registry.ts';
import { readApiObject } from '../provider/kubernetes/api-object.ts';
import { originOf } from '../provider/kubernetes/object-origin.ts';
import type { Logger } from '../telemetry/log.ts';
import { checkConfiguration } from './check.ts';

/** A review holds the old and the new object, neither of which an API server lets grow past 1.5 MiB. */
const largestReview = 4 * 1024 * 1024;
/** How often the certificate's files are looked at, in milliseconds. */
const certificateInterval = 10_000;

export interface Webhook {
  readonly address: AddressInfo;
  close(): Promise<void>;
}

/**
 * Serves `POST /admission/validate` for a ValidatingWebhookConfiguration: an object with a slip in a policy, a rule or an
 * option is refused when it is applied, with the text that `portcullis check` prints. What only other objects can tell
 * (references, Secrets) is no reason to refuse, because objects may come in any order.
 */
export async function startWebhook(configuration: StaticConfiguration, log: Logger): Promise<Webhook | undefined> {
  const { webhook } = configuration;
  if (webhook === undefined) return undefined;
  let pair = await readPair(webhook);
  const tls = new TlsState(settingsOf(pair));
  const { host, port } = parseAddress(webhook.address) ?? { host: undefined, port: 0 };
  const entrypoint = new Entrypoint(
    {
      name: 'webhook',
      host: host ?? '',
      port,
      tls: true,
      limits: defaultLimits,
      timeouts: defaultTimeouts,
      forwardedHeaders: { trustedIPs: [], insecure: false },
      encodedCharacters: noEncodedCharacters,
      rejectUnderscores: false,
    },
    { log, observe: () => {}, tls },
  );
  entrypoint.use((exchange) => answerReview(configuration, exchange));
  const address = await entrypoint.listen();
  log.info('webhook listening', { address: `${address.address}:${address.port}` });
  const timer = setInterval(async () => {
    try {
      const next = await readPair(webhook);
      if (next.cert === pair.cert && next.key === pair.key) return;
      tls.use(settingsOf(next));
      pair = next;
    } catch (error) {
      log.warn('the certificate of the webhook cannot be read again', { error: String(error) });
    }
  }, certificateInterval);
  timer.unref();
  return {
    address,
    async close() {
      clearInterval(timer);
      await entrypoint.drain(1_000);
    },
  };
}

async function readPair(files: { certFile: string; keyFile: string }): Promise<CertificatePair> {
  try {
    const [cert, key] = await Promise.all([readFile(files.certFile, 'utf8'), readFile(files.keyFile, 'utf8')]);
    return { cert, key };
  } catch (cause) {
    throw new PortcullisError('CONFIG_UNREADABLE', 'webhook: its certificate or its key cannot be read', { cause });
  }
}

function settingsOf(pair: CertificatePair): TlsSettings {
  const behaviour = { ...defaultTlsBehaviour, alpnProtocols: ['h2', 'http/1.1'] };
  return { certificates: [], defaultCertificate: pair, behaviour, byHost: new Map() };
}

async function answerReview(configuration: StaticConfiguration, exchange: Exchange): Promise<Reply> {
  if (exchange.path !== '/admission/validate') throw new Refusal(404, 'no_route');
  if (exchange.method !== 'POST') throw new Refusal(405, 'method', { headers: [['Allow', 'POST']] });
  const body = await exchange.body.read(largestReview);
  const request = readRequest(body.toString('utf8'));
  if (request === undefined) throw new Refusal(400, 'bad_review', { body: 'expected an AdmissionReview (v1)\n' });
  const problems = await reviewObject(configuration, request);
  const errors = problems.filter(({ severity }) => severity === 'error');
  const warnings = problems.filter(({ severity }) => severity === 'warning').map(formatDiagnostic);
  const message = errors.map(formatDiagnostic).join('\n');
  const response = {
    uid: request['uid'],
    allowed: errors.length === 0,
    ...(errors.length === 0 ? {} : { status: { code: 422, reason: 'Invalid', message } }),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
  const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response };
  return textReply(200, JSON.stringify(review), 'application/json');
}

function readRequest(text: string): Readonly<Record<string, unknown>> | undefined {
  let review: unknown;
  try {
    review = JSON.parse(text);
  } catch {
    return undefined;
  }
  const request: unknown = isPlainObject(review) ? review['request'] : undefined;
  return isPlainObject(request) && typeof request['uid'] === 'string' ? request : undefined;
}

/** Problems that other objects decide, which may be applied later. */
const contextual: ReadonlySet<ErrorCode> = new Set(['CONFIG_REFERENCE', 'CONFIG_SECRET', 'CONFIG_DUPLICATE']);

async function reviewObject(
  configuration: StaticConfiguration,
  request: Readonly<Record<string, unknown>>,
): Promise<readonly Diagnostic[]> {
  const { object: value, oldObject: before } = request;
  // A deletion, or a change that leaves the contents alone: a broken object must not be kept from going.
  if (!isPlainObject(value)) return [];
  if (isPlainObject(before) && JSON.stringify(before['spec']) === JSON.stringify(value['spec'])) return [];
  const object = readApiObject(value, { apiVersion: String(value['apiVersion']), kind: String(value['kind']) });
  if (object === undefined) return [];
  // While it is being created with a generated name, it has none yet.
  const named = { ...object, metadata: { ...object.metadata, name: object.metadata.name || 'unnamed' } };
  const routing = translateObjects([{ value: named, origin: originOf(named) }], {
    admitted: true,
    allowCrossNamespace: true,
  });
  const status = await checkConfiguration(configuration, routing);
  const found = [...errorsOf(status), ...status.items.flatMap((item) => item.problems), ...status.problems];
  const hidden = [...routing.middlewares.values()].flatMap(hiddenProblems);
  const problems = [...found, ...hidden].filter(({ code }) => !contextual.has(code));
  return [...new Map(problems.map((problem) => [formatDiagnostic(problem), problem])).values()];
}

/** A middleware whose Secret is not there is not built, but its options can be looked at. */
function hiddenProblems(item: Item<MiddlewareConfig>): readonly Diagnostic[] {
  if (item.problems.length === 0 || item.problems.some(({ code }) => !contextual.has(code))) return [];
  const definition = middlewareDefinitions.find(({ type }) => type === item.config.type);
  if (definition === undefined) return [];
  const decoded = decode(definition.options, item.config.options ?? {}, item.origin, item.path);
  return decoded.ok ? [] : decoded.problems;
}
