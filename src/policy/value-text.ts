import { isArray, isObject, scalarText, type Value } from '../expression/index.ts';

const limit = 256;

/** A value as JSON text for people, numbers as written, cut after 256 characters. Never does more work than it shows. */
export function valueText(value: Value): string {
  const text = write(value, limit);
  return text.length > limit ? `${text.slice(0, limit).toWellFormed()}…` : text;
}

/** Writes at least `room` characters of the text, or all of it. */
function write(value: Value, room: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, room + 1).toWellFormed());
  if (isArray(value)) return writeList(value, room, '[', ']', write);
  if (!isObject(value)) return (scalarText(value) ?? '').slice(0, room + 1);
  return writeList(value, room, '{', '}', ([name, member], left) => `${write(name, left)}:${write(member, left)}`);
}

function writeList<Element>(
  elements: Iterable<Element>,
  room: number,
  open: string,
  close: string,
  writeElement: (element: Element, room: number) => string,
): string {
  let text = open;
  for (const element of elements) {
    if (text.length > room) return text;
    text += (text.length > 1 ? ',' : '') + writeElement(element, room - text.length);
  }
  return text + close;
}
