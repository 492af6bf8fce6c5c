/** JSON for the data path: one strict scanner, values that lose nothing, and a writer that gives them back. */
export { JsonError, type JsonFault, scanJson, scanJsonText } from './json/scan.ts';
export { isObject, JsonNumber, type JsonObject, type JsonValue, stringify, toPlain } from './json/value.ts';
