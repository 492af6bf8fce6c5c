import * as z from 'zod';
import { type OptionShape, unwrap } from './option-shape.ts';

/** Turns the text of a flag or variable into what the option's schema takes. What does not fit stays text, for the schema to refuse. */
export function coerceText(shape: OptionShape, text: string): unknown {
  switch (shape.kind) {
    case 'list':
      return text === '' ? [] : text.split(',').map((part) => coerceScalar(shape.element, part.trim()));
    case 'scalar':
      return coerceScalar(shape.schema, text);
    default:
      return booleans[text.toLowerCase()] ?? text;
  }
}

const booleans: Readonly<Record<string, boolean>> = { true: true, false: false, '1': true, '0': false };

function coerceScalar(schema: z.core.$ZodType, text: string): unknown {
  const inner = unwrap(schema);
  const { def } = inner._zod;
  switch (def.type) {
    case 'boolean':
      return booleans[text.toLowerCase()] ?? text;
    case 'number':
      return /^-?[0-9]+(?:\.[0-9]+)?$/.test(text) ? Number(text) : text;
    case 'enum':
      return spellAsListed(inner, text);
    case 'union': {
      const candidates = def.options.map((option) => [option, coerceScalar(option, text)] as const);
      const [, value] = candidates.find(([option, candidate]) => z.safeParse(option, candidate).success) ?? [
        undefined,
        text,
      ];
      return value;
    }
    default:
      return text;
  }
}

/** The listed spelling of an enumerated value written in another case, else the value as it is. */
export function spellAsListed(schema: z.core.$ZodType, value: unknown): unknown {
  const { def } = unwrap(schema)._zod;
  if (def.type !== 'enum' || typeof value !== 'string') return value;
  return Object.values(def.entries).find((each) => String(each).toLowerCase() === value.toLowerCase()) ?? value;
}
