/** The expression language: lexer, parser, checker, compiler, printer, diagnostics. It knows no words. */
export * from './ast.ts';
export { compile, type Program } from './compiler.ts';
export { canonicalDecimal, compareDecimals, isNumberText, isStrictDecimal } from './decimal.ts';
export * from './outcome.ts';
export { parse } from './parser.ts';
export { compilePattern, type Pattern } from './pattern.ts';
export { print } from './printer.ts';
export * from './problem.ts';
export * from './value.ts';
export * from './vocabulary.ts';
