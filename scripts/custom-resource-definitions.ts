/**
 * Custom resource definitions from the same schemas that the gateway decodes with. They are structural, as the API server
 * demands, and looser than what the gateway accepts: unknown keys are kept, because what the API server would drop
 * silently the gateway could not report, and a rule that is not there would not be missed.
 */
import { stringify } from 'yaml';
import { objectKinds } from '../src/config/dynamic/schema/object-kinds.ts';
import { type JsonSchema, middlewareSchemas, toJsonSchema } from './json-schemas.ts';

const keepUnknown = { 'x-kubernetes-preserve-unknown-fields': true } as const;

/** Types whose options manifests write in another form than the gateway's middlewares take: names of Secrets, references to objects. */
const ownForm: ReadonlySet<string> = new Set(['basicAuth', 'chain', 'errors', 'forwardAuth', 'rateLimit']);

/** File name → YAML. */
export function customResourceDefinitions(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const { kind, plural, custom, apiVersions, schema } of objectKinds) {
    if (!custom) continue;
    const [group = '', version = ''] = apiVersions[0].split('/');
    const json = toJsonSchema(schema);
    const spec = kind === 'Middleware' ? middlewareSpec() : structural(json.properties?.['spec'] ?? {});
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
        versions: [
          {
            name: version,
            served: true,
            storage: true,
            subresources: { status: {} },
            additionalPrinterColumns: printerColumns,
            schema: { openAPIV3Schema: objectSchema(kind, spec, json.required?.includes('spec') ?? false) },
          },
        ],
      },
    };
    files.set(`${group}_${plural}.yaml`, `# Generated from the schemas of the gateway.\n${toYaml(definition)}`);
  }
  return files;
}

const printerColumns = [
  {
    name: 'Accepted',
    type: 'string',
    description: 'Empty while nothing was ever wrong.',
    jsonPath: '.status.conditions[?(@.type=="Accepted")].status',
  },
  { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Accepted")].reason' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
];

const conditions: JsonSchema = {
  description: 'What the gateway says about the object; `Accepted` is written when something is or was wrong.',
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
  items: {
    type: 'object',
    required: ['type', 'status', 'reason', 'message', 'lastTransitionTime'],
    properties: {
      type: { type: 'string', maxLength: 316 },
      status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
      reason: { type: 'string', maxLength: 1024 },
      message: { type: 'string', maxLength: 32_768 },
      observedGeneration: { type: 'integer', format: 'int64', minimum: 0 },
      lastTransitionTime: { type: 'string', format: 'date-time' },
    },
  },
};

function objectSchema(kind: string, spec: JsonSchema, required: boolean): JsonSchema {
  return {
    description: `${kind} of an MCP gateway.`,
    type: 'object',
    ...(required ? { required: ['spec'] } : {}),
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec,
      status: { type: 'object', properties: { conditions }, ...keepUnknown },
    },
  };
}

function middlewareSpec(): JsonSchema {
  const own: Record<string, JsonSchema> = {};
  const plugins: Record<string, JsonSchema> = {};
  for (const { type, summary, options } of middlewareSchemas()) {
    const [place, name] = type.startsWith('plugin.') ? [plugins, type.slice('plugin.'.length)] : [own, type];
    place[name] = ownForm.has(type)
      ? { description: summary, type: 'object', ...keepUnknown }
      : { ...structural(options), description: summary };
  }
  const description = 'One middleware: its type over its options.';
  own['plugin'] = {
    description: 'Middlewares that are written below `plugin`.',
    type: 'object',
    properties: plugins,
    ...keepUnknown,
  };
  return { description, type: 'object', properties: own, ...keepUnknown };
}

/** Keywords that an API server understands as JSON Schema does. */
const plainKeywords = [
  'description',
  'format',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'enum',
] as const;

/** The formats that an API server checks; others it would only warn of. */
const knownFormats = new Set(['date-time', 'ipv4', 'ipv6', 'uuid', 'byte', 'int32', 'int64', 'double']);

/** The structural part of a schema; where there is a choice of types, anything may stand. */
export function structural(schema: JsonSchema): JsonSchema {
  const description = schema.description === undefined ? {} : { description: schema.description };
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) {
    const real = choices.filter((choice) => choice.type !== 'null');
    const [only] = real;
    const nullable = real.length < choices.length ? { nullable: true } : {};
    if (only !== undefined && real.length === 1) return { ...structural(only), ...description, ...nullable };
    const types = new Set(real.map((choice) => (choice.type === 'number' ? 'integer' : choice.type)));
    const intOrString = types.size === 2 && types.has('integer') && types.has('string');
    const fractions = real.some((choice) => choice.type === 'number');
    return {
      ...description,
      ...nullable,
      ...(intOrString && !fractions ? { 'x-kubernetes-int-or-string': true } : keepUnknown),
    };
  }
  if (typeof schema.type !== 'string') {
    const value = schema['const'] ?? (Array.isArray(schema['enum']) ? schema['enum'][0] : undefined);
    return typeof value === 'string'
      ? { ...description, type: 'string', enum: schema['enum'] ?? [value] }
      : { ...description, ...keepUnknown };
  }
  const result: JsonSchema = { type: schema.type };
  for (const keyword of plainKeywords)
    if (schema[keyword] !== undefined) Object.assign(result, { [keyword]: schema[keyword] });
  if (typeof result['format'] === 'string' && !knownFormats.has(result['format'])) delete result['format'];
  if (schema.type === 'integer') result['format'] = 'int64';
  if ('const' in schema) result['enum'] = [schema['const']];
  for (const [exclusive, bound] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    if (typeof schema[exclusive] === 'number') Object.assign(result, { [bound]: schema[exclusive], [exclusive]: true });
  }
  // The API server reads patterns as RE2, which knows no lookaround.
  const pattern = schema['pattern'];
  if (typeof pattern === 'string' && !/\(\?(?:[=!]|<[=!])/.test(pattern)) result['pattern'] = pattern;
  if (schema.type === 'array') result.items = structural(schema.items ?? {});
  if (schema.type === 'object') Object.assign(result, structuralObject(schema));
  return result;
}

function structuralObject(schema: JsonSchema): JsonSchema {
  const { properties, required, additionalProperties } = schema;
  if (properties === undefined) {
    return typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0
      ? { additionalProperties: structural(additionalProperties) }
      : keepUnknown;
  }
  return {
    ...(required === undefined || required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(Object.entries(properties).map(([key, field]) => [key, structural(field)])),
    ...keepUnknown,
  };
}

function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 120, aliasDuplicateObjects: false });
}
