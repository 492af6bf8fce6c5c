/** Placeholder of types; the strict scanner lives here. */
export type JsonValue = null | boolean | string | JsonNumber | readonly JsonValue[] | JsonObject;
/** Own keys only, in order of appearance. */
export type JsonObject = ReadonlyMap<string, JsonValue>;
/** A number kept as its text, because a double would change it. */
export class JsonNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
