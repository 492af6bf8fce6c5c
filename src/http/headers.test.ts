import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeaderFields } from './headers.ts';

type Field = readonly [name: string, value: string];

/** Names that collide by case, and values that look like names. */
const field: fc.Arbitrary<Field> = fc.tuple(
  fc.constantFrom('A', 'a', 'B', 'b', 'X-Long-Name', 'x-long-name'),
  fc.constantFrom('a', 'b', 'x-long-name', '1', ''),
);
const lower = (name: string): string => name.toLowerCase();

type Step = (fields: HeaderFields, model: Field[]) => readonly [unknown, unknown, Field[]];

const steps: fc.Arbitrary<Step> = fc.oneof(
  field.map(
    ([name, value]): Step =>
      (fields, model) => {
        fields.append(name, value);
        return [undefined, undefined, [...model, [name, value]]];
      },
  ),
  field.map(
    ([name, value]): Step =>
      (fields, model) => {
        fields.set(name, value);
        const first = model.findIndex(([other]) => lower(other) === lower(name));
        const next: Field[] =
          first < 0
            ? [...model, [name, value]]
            : model.flatMap((one, at): Field[] =>
                at === first ? [[name, value]] : lower(one[0]) === lower(name) ? [] : [one],
              );
        return [undefined, undefined, next];
      },
  ),
  field.map(
    ([name]): Step =>
      (fields, model) => {
        const next = model.filter(([other]) => lower(other) !== lower(name));
        return [fields.delete(lower(name)), next.length < model.length, next];
      },
  ),
  field.map(
    ([, value]): Step =>
      (fields, model) => {
        const next = model.filter((one) => one[1] !== value);
        return [fields.deleteWhere((_, other) => other === value), model.length - next.length, next];
      },
  ),
);

describe('HeaderFields', () => {
  it('[DP-2.header-names] behave as a plain list of fields does, whatever is done to them', () => {
    void fc.assert(
      fc.property(fc.array(field), fc.array(steps), (start, course) => {
        const fields = HeaderFields.fromRaw(start.flat());
        let model: Field[] = [...start];
        for (const step of course) {
          const [answer, expected, next] = step(fields, model);
          expect(answer).toEqual(expected);
          model = next;
          expect(fields.toRaw()).toEqual(model.flat());
        }
        expect(fields.size).toBe(model.length);
        const copy = fields.clone();
        fields.trim();
        expect(fields.toRaw()).toEqual(model.flat());
        fields.append('Later', 'x');
        expect(copy.toRaw()).toEqual(model.flat());
        const visited: string[][] = [];
        copy.forEach((name, value) => void visited.push([name.spelled, value, name.lower]));
        expect(visited).toEqual(model.map(([name, value]) => [name, value, lower(name)]));
        for (const name of ['a', 'b', 'x-long-name', 'missing']) {
          const values = model.filter(([other]) => lower(other) === name).map(([, value]) => value);
          expect(copy.getAll(name)).toEqual(values);
          expect(copy.get(name)).toBe(values[0]);
          expect(copy.has(name)).toBe(values.length > 0);
        }
      }),
    );
  });
});
