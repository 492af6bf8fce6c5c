/** Why a text was refused. */
export type JsonFault =
  | 'utf8'
  | 'bom'
  | 'empty'
  | 'syntax'
  | 'control-character'
  | 'escape'
  | 'surrogate'
  | 'number'
  | 'duplicate-key'
  | 'depth'
  | 'trailing';

const faultTexts: Record<JsonFault, string> = {
  utf8: 'not valid UTF-8',
  bom: 'begins with a byte order mark',
  empty: 'no JSON value',
  syntax: 'not valid JSON',
  'control-character': 'control character in a string',
  escape: 'unknown escape in a string',
  surrogate: 'lone surrogate in a string',
  number: 'malformed number',
  'duplicate-key': 'an object has the same key twice',
  depth: 'nested too deeply',
  trailing: 'something follows the JSON value',
};

/** A text that is not the one unambiguous JSON value it should be. Says where, never what was there. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
  readonly fault: JsonFault;
  /** Byte offset into the input at which it was noticed. */
  readonly offset: number;

  constructor(fault: JsonFault, offset: number) {
    super(`${faultTexts[fault]} (at byte ${offset})`);
    this.fault = fault;
    this.offset = offset;
  }
}
