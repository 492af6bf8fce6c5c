import * as z from 'zod';
import { caseFile } from '../src/cli/policy/case-file.ts';
import { requestKeys } from '../src/cli/policy/request.ts';
import { objectKinds } from '../src/config/dynamic/schema/object-kinds.ts';
import { routingFile } from '../src/config/dynamic/schema/routing-file.ts';
import { staticSchema } from '../src/config/static/schema.ts';
import { middlewareDefinitions } from '../src/middleware/registry.ts';

/** A JSON Schema as plain data. */
export interface JsonSchema {
  [key: string]: unknown;
  type?: string | string[];
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
}

/** What an operator may write, as JSON Schema (draft 2020-12). */
export function toJsonSchema(schema: z.ZodType): JsonSchema {
  const made = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // Editors strike out what is accepted only to be told about.
      if ('unsupported' in jsonSchema) {
        jsonSchema.deprecated = true;
        delete jsonSchema['unsupported'];
      }
      delete jsonSchema['unit'];
      delete jsonSchema['secret'];
      // The bounds of exact integers are no bounds of ours.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  const { $schema: _version, ...schemaAlone } = made;
  return schemaAlone as JsonSchema;
}

/** Options of each middleware by type, in the order of the registry. */
export function middlewareSchemas(): readonly {
  readonly type: string;
  readonly summary: string;
  readonly options: JsonSchema;
}[] {
  return middlewareDefinitions.map(({ type, summary, options }) => ({ type, summary, options: toJsonSchema(options) }));
}

/** A middleware as it is written: one key, the type, over its options; some types stand below `plugin`. */
function middlewareSpec(): JsonSchema {
  const oneOf = (properties: Record<string, JsonSchema>): JsonSchema => ({
    type: 'object',
    properties,
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
  });
  const own: Record<string, JsonSchema> = {};
  const plugins: Record<string, JsonSchema> = {};
  for (const { type, summary, options } of middlewareSchemas()) {
    const [place, name] = type.startsWith('plugin.') ? [plugins, type.slice('plugin.'.length)] : [own, type];
    place[name] = { description: summary, ...options };
  }
  return oneOf({ ...own, plugin: { description: 'Middlewares that Traefik Hub has as plugins.', ...oneOf(plugins) } });
}

/** Every schema file by its kind: `install`, one per kind of manifest, all manifests together, the routing file. */
export function schemaFiles(): ReadonlyMap<string, JsonSchema> {
  const files = new Map<string, JsonSchema>();
  const add = (kind: string, title: string, schema: JsonSchema): void => {
    files.set(kind, { $schema: 'https://json-schema.org/draft/2020-12/schema', title, ...schema });
  };

  const install = toJsonSchema(staticSchema);
  // web, websecure and admin need no address, and which names those are no schema can say.
  const entryPoint = install.properties?.['entryPoints']?.additionalProperties;
  if (typeof entryPoint === 'object') delete entryPoint.required;
  add('install', 'Install options of Portcullis (portcullis.yaml)', install);

  const spec = middlewareSpec();
  const manifests: JsonSchema[] = [];
  for (const { kind, apiVersions, schema } of objectKinds) {
    const json = toJsonSchema(schema);
    if (kind === 'Middleware' && json.properties !== undefined) {
      json.properties['spec'] = { description: 'One middleware: its type over its options.', ...spec };
    }
    add(kind.toLowerCase(), `${kind} (${apiVersions.join(', ')})`, json);
    manifests.push({
      if: { properties: { kind: { const: kind } }, required: ['kind'] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { $ref: `./${kind.toLowerCase()}.schema.json` },
    });
  }
  add('manifest', 'Any manifest that Portcullis reads', {
    type: 'object',
    required: ['apiVersion', 'kind'],
    properties: { apiVersion: { type: 'string' }, kind: { enum: objectKinds.map(({ kind }) => kind) } },
    allOf: manifests,
  });

  const routes = toJsonSchema(routingFile);
  const middlewares = routes.properties?.['http']?.properties?.['middlewares'];
  if (middlewares !== undefined) middlewares.additionalProperties = spec;
  const cases = toJsonSchema(caseFile);
  // What the refinements of a case say, as far as a schema can.
  const one = cases.properties?.['cases']?.items;
  if (one !== undefined) {
    const needs = (keys: readonly string[]): JsonSchema[] => keys.map((key) => ({ required: [key] }));
    one.anyOf = [
      { oneOf: needs(requestKeys), required: ['expect'] },
      { required: ['visible'], not: { anyOf: needs([...requestKeys, 'expect', 'rule']) } },
    ];
    one['not'] = { anyOf: pairsOf(['caller', 'claims', 'token']).map((pair) => ({ required: pair })) };
    one['dependentRequired'] = { params: ['method'] };
  }
  add('policy-test', 'Cases for `portcullis policy test` (*.policy-test.yaml)', cases);
  add('routing-file', 'Routing configuration in the format of Traefik files', routes);
  return files;
}

function pairsOf(keys: readonly string[]): string[][] {
  return keys.flatMap((key, at) => keys.slice(at + 1).map((other) => [key, other]));
}
