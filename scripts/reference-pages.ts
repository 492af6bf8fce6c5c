import { commands } from '../src/cli/commands.ts';
import { objectKinds } from '../src/config/dynamic/schema/object-kinds.ts';
import { staticSchema } from '../src/config/static/schema.ts';
import { errorCodes } from '../src/errors.ts';
import type { FunctionDescription } from '../src/expression/index.ts';
import { policyFunctionDescriptions } from '../src/policy/index.ts';
import { ruleReference } from '../src/router/vocabulary.ts';
import { type JsonSchema, middlewareSchemas, toJsonSchema } from './json-schemas.ts';

const notice = '<!-- Made by scripts/generate.ts from the definitions in src; change those. -->';

/** Every reference page by its file name below `docs/reference/`. */
export async function referencePages(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['install-options.md', installOptions()],
    ['middlewares.md', middlewares()],
    ['routing-objects.md', routingObjects()],
    ['rule-matchers.md', functions('Rule matchers', 'What a router’s `rule` can ask about a request.', ruleReference)],
    [
      'policy-functions.md',
      functions(
        'Policy functions',
        'What the conditions of `plugin.mcp` policies and `claims` are made of.',
        policyFunctionDescriptions,
      ),
    ],
    ['error-codes.md', errors()],
    ['command-line.md', await commandLine()],
  ]);
}

function page(title: string, introduction: string, ...sections: readonly string[]): string {
  return `${[notice, `# ${title}`, introduction, ...sections].join('\n\n')}\n`;
}

function installOptions(): string {
  return page(
    'Install options',
    'What an installation decides once: ports, providers, logs. Each option can be set in `portcullis.yaml` (nested), by a variable (`entryPoints.web.address` is `PORTCULLIS_ENTRYPOINTS_WEB_ADDRESS`) and by a flag (`--entryPoints.web.address=:80`); flags win over variables, variables over the file. `portcullis config` prints what is in effect and where it came from.',
    optionTable(toJsonSchema(staticSchema)),
  );
}

function middlewares(): string {
  const sections = middlewareSchemas().map(
    ({ type, summary, options }) => `## \`${type}\`\n\n${summary}\n\n${optionTable(options)}`,
  );
  return page(
    'Middlewares',
    'What can stand between a route and its service, in the order the route lists them.',
    ...sections,
  );
}

function routingObjects(): string {
  const sections = objectKinds.map(({ kind, apiVersions, schema }) => {
    const { spec, ...others } = toJsonSchema(schema).properties ?? {};
    for (const name of ['apiVersion', 'kind', 'metadata', 'status']) delete others[name];
    const table = spec === undefined ? optionTable({ type: 'object', properties: others }) : optionTable(spec, 'spec');
    return `## ${kind}\n\n\`apiVersion: ${apiVersions.join('` or `')}\`\n\n${table}`;
  });
  return page(
    'Routing objects',
    'The kinds of manifests that are read, from files and from a cluster alike.',
    ...sections,
  );
}

function functions(title: string, introduction: string, descriptions: readonly FunctionDescription[]): string {
  const sections = descriptions.map(({ name, signature, summary, parameters, examples }) => {
    const rows = parameters.map((parameter) => `* \`${parameter.name}\`: ${parameter.summary}`);
    return `## ${name}\n\n\`${signature}\`\n\n${summary}\n\n${rows.join('\n')}\n\n\`\`\`\n${examples.join('\n')}\n\`\`\``;
  });
  return page(title, introduction, ...sections);
}

function errors(): string {
  const rows = Object.entries(errorCodes).map(([code, meaning]) => `| \`${code}\` | ${cell(meaning)} |`);
  return page(
    'Error codes',
    'Every problem that Portcullis reports has one of these codes, a place where there is one, and a way out.',
    `| code | meaning |\n|---|---|\n${rows.join('\n')}`,
  );
}

async function commandLine(): Promise<string> {
  const { carryOut } = await import('../src/cli/main.ts');
  const helpOf = async (argv: readonly string[]): Promise<string> => {
    let text = '';
    const take = (more: string): void => {
      text += more;
    };
    await carryOut(argv, { out: take, err: take, env: {}, cwd: '/' });
    return `\`\`\`text\n${text.trimEnd()}\n\`\`\``;
  };
  const sections = [await helpOf(['--help'])];
  for (const { name, load } of commands) {
    sections.push(`## portcullis ${name}`, await helpOf([name, '--help']));
    const loaded = await load();
    if (!('group' in loaded)) continue;
    for (const inner of loaded.group) {
      sections.push(`### portcullis ${name} ${inner.name}`, await helpOf([name, inner.name, '--help']));
    }
  }
  return page('Command line', 'Every command and its options.', ...sections);
}

/** The options of a schema in one table; sections are rows only where they say something of their own. */
export function optionTable(schema: JsonSchema, prefix = ''): string {
  const rows = [...optionRows(schema, prefix, false)];
  if (rows.length === 0) return 'No options.';
  return ['| option | type | default | |', '|---|---|---|---|', ...rows].join('\n');
}

function* optionRows(schema: JsonSchema, path: string, required: boolean): Generator<string> {
  const { properties, items, additionalProperties, anyOf, oneOf } = schema;
  const alternatives = anyOf ?? oneOf;
  const section = properties === undefined ? alternatives?.find((each) => each.properties !== undefined) : schema;
  const below = path === '' ? '' : `${path}.`;
  const deprecated = schema['deprecated'] === true;
  if (path !== '' && (section === undefined || schema.description !== undefined)) {
    const fallback =
      schema['default'] === undefined || isStructure(schema['default'])
        ? ''
        : `\`${JSON.stringify(schema['default'])}\``;
    const note = deprecated ? '(not offered) ' : '';
    yield `| \`${path}\` | ${cell(typeOf(schema))} | ${required ? 'required' : cell(fallback)} | ${note}${cell(schema.description ?? '')} |`;
  }
  if (deprecated) return;
  for (const [name, inner] of Object.entries(section?.properties ?? {})) {
    yield* optionRows(
      inner,
      below + name,
      section?.required?.includes(name) === true && inner['default'] === undefined,
    );
  }
  const element = items ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
  if (element !== undefined && holdsOptions(element)) {
    const { description: _description, ...inner } = element;
    yield* optionRows(inner, items === undefined ? `${below}<name>` : `${path}[]`, false);
  }
}

function holdsOptions({ properties, anyOf, oneOf }: JsonSchema): boolean {
  return properties !== undefined || (anyOf ?? oneOf ?? []).some((each) => each.properties !== undefined);
}

function isStructure(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** A short name for what may be written. */
function typeOf(schema: JsonSchema): string {
  const { type, items, additionalProperties, anyOf, oneOf } = schema;
  const values = schema['enum'];
  if (Array.isArray(values)) return values.map((value) => `\`${value}\``).join(', ');
  if (schema['const'] !== undefined) return `\`${schema['const']}\``;
  const alternatives = anyOf ?? oneOf;
  if (alternatives !== undefined) {
    const names = [...new Set(alternatives.map(typeOf))].join(' or ');
    // Nothing else may be written both ways.
    return names === 'string or number' ? 'duration' : names;
  }
  if (items !== undefined) return `list of ${typeOf(items)}`;
  if (type === 'object')
    return typeof additionalProperties === 'object' ? `map of ${typeOf(additionalProperties)}` : 'section';
  return Array.isArray(type) ? type.join(' or ') : (type ?? 'anything');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
