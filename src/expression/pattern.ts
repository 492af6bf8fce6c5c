import { RE2JS, RE2JSException } from 're2js';

/** A compiled regular expression: RE2 syntax, matched in time linear in the text, anywhere in the text unless anchored. */
export interface Pattern {
  readonly source: string;
  test(text: string): boolean;
}

/** Compiles an RE2 pattern. The message says what is wrong with it. */
export function compilePattern(source: string): { ok: true; pattern: Pattern } | { ok: false; message: string } {
  try {
    const compiled = RE2JS.compile(source);
    return { ok: true, pattern: { source, test: (text) => compiled.test(text) } };
  } catch (error) {
    if (error instanceof RE2JSException)
      return { ok: false, message: error.message.replace(/^error parsing regexp: /, '') };
    throw error;
  }
}
