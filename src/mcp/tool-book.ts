import { isObject, type JsonObject, type JsonValue, scanJsonText } from '../http/json.ts';
import type { AnswerParts } from './answer-parts.ts';
import type { HeaderArgument } from './header-check.ts';
import { answerDepth } from './outcome.ts';
import { sensitivePaths } from './sensitive-paths.ts';

/** What a tool's definition says that matters for judging calls. */
export interface ToolFacts {
  readonly annotations: JsonObject | undefined;
  readonly headerArguments: readonly HeaderArgument[];
  /** Paths of arguments and of structured results that its schemas mark as sensitive. */
  readonly sensitiveArguments: readonly (readonly string[])[];
  readonly sensitiveResults: readonly (readonly string[])[];
}

const capacity = 10_000;
/** How deep `properties` are followed. Deeper arguments are not repeated in headers by anyone. */
const maxDepth = 16;

/** What is known of one upstream's tools, from the lists that it sent. A tool that was never listed is not known. */
export class ToolBook {
  readonly #tools = new Map<string, ToolFacts>();

  get(name: string): ToolFacts | undefined {
    return this.#tools.get(name);
  }

  /** Takes in the tools of a `tools/list` response, before anything is taken out of it. */
  learn({ lists, text }: AnswerParts): void {
    const telling = tellsOfArguments(text);
    for (const { key, item, start, end } of lists.get('tools') ?? []) {
      if (key === undefined) continue;
      if (this.#tools.size >= capacity && !this.#tools.has(key)) return;
      const annotations = item.get('annotations');
      this.#tools.set(key, {
        annotations: isObject(annotations) ? annotations : undefined,
        ...(telling ? schemaFacts(text.slice(start, end)) : plainSchemas),
      });
    }
  }
}

type SchemaFacts = Omit<ToolFacts, 'annotations'>;

const plainSchemas: SchemaFacts = { headerArguments: [], sensitiveArguments: [], sensitiveResults: [] };

/** What a schema could say about arguments; an escape could spell any of it. Most schemas need not be read further. */
const tellingWords = ['x-mcp-header', 'x-sensitive', 'writeOnly', 'password', '\\u'];

function tellsOfArguments(text: string): boolean {
  return tellingWords.some((word) => text.includes(word));
}

function schemaFacts(definition: string): SchemaFacts {
  const tool = tellsOfArguments(definition) ? scanJsonText(definition, { maxDepth: answerDepth }) : undefined;
  if (!isObject(tool)) return plainSchemas;
  return {
    headerArguments: headerArgumentsOf(tool.get('inputSchema')),
    sensitiveArguments: sensitivePaths(tool.get('inputSchema')),
    sensitiveResults: sensitivePaths(tool.get('outputSchema')),
  };
}

/** RFC 9110 §5.6.2 token. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/;
const mirrored = new Set(['string', 'integer', 'boolean']);

/**
 * Arguments that a schema asks to be repeated in `Mcp-Param-*` headers: `x-mcp-header` on string, integer and boolean
 * properties that are reached through `properties` alone. A schema that breaks the rules (MCP 2026-07-28, tools) asks
 * for nothing: clients drop such a tool.
 */
export function headerArgumentsOf(schema: JsonValue | undefined): readonly HeaderArgument[] {
  const found: HeaderArgument[] = [];
  const names = new Set<string>();
  const walk = (node: JsonValue | undefined, path: readonly string[]): boolean => {
    const properties = isObject(node) ? node.get('properties') : undefined;
    if (!isObject(properties) || path.length >= maxDepth) return true;
    for (const [key, property] of properties) {
      if (!isObject(property)) continue;
      const inner = [...path, key];
      const name = property.get('x-mcp-header');
      if (name !== undefined) {
        const type = property.get('type');
        if (typeof name !== 'string' || !token.test(name)) return false;
        if (typeof type !== 'string' || !mirrored.has(type)) return false;
        const header = `mcp-param-${name.toLowerCase()}`;
        if (names.has(header)) return false;
        names.add(header);
        found.push({ header, path: inner });
      }
      if (!walk(property, inner)) return false;
    }
    return true;
  };
  return walk(schema, []) ? found : [];
}
