/** JSON for the data path: one strict scanner, values that lose nothing, and a writer that gives them back. */
export type { JsonCursor } from './json/cursor.ts';
export { JsonError, type JsonFault } from './json/json-error.ts';
export { openJson, scanJson, scanJsonText } from './json/scan.ts';
export { isObject, JsonNumber, type JsonObject, type JsonValue, stringify, toPlain } from './json/value.ts';
