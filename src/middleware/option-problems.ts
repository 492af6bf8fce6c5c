import { type Diagnostic, PortcullisError } from '../errors.ts';
import type { MiddlewareContext } from './definition.ts';

export type OptionPath = readonly (string | number)[];

/** Gathers what is wrong with options, so that an operator sees all of it at once. */
export class OptionProblems {
  readonly #context: MiddlewareContext;
  readonly #found: Diagnostic[] = [];

  constructor(context: MiddlewareContext) {
    this.#context = context;
  }

  add(path: OptionPath, message: string, hint?: string): void {
    this.#found.push(this.#context.diagnose({ code: 'CONFIG_INVALID_VALUE', severity: 'error', message, hint }, path));
  }

  /** Problems that another room has found and placed. */
  addAll(diagnostics: readonly Diagnostic[]): void {
    this.#found.push(...diagnostics);
  }

  warn(path: OptionPath, message: string, hint?: string): void {
    this.#context.warn(
      this.#context.diagnose({ code: 'CONFIG_INVALID_VALUE', severity: 'warning', message, hint }, path),
    );
  }

  /** What `make` returns; what it throws becomes a problem at `path`. */
  attempt<T>(path: OptionPath, make: () => T, hint: string): T | undefined {
    try {
      return make();
    } catch (error) {
      this.add(path, error instanceof Error ? error.message : String(error), hint);
      return undefined;
    }
  }

  throwIfAny(): void {
    const [first] = this.#found;
    if (first !== undefined) throw new PortcullisError(first.code, first.message, { diagnostics: this.#found });
  }
}
