import type { DynamicConfiguration } from '../config/dynamic/model.ts';
import type { RuntimeStatus } from '../config/runtime/status.ts';
import type { Diagnostic } from '../errors.ts';
import type { Logger } from '../telemetry/log.ts';

/** Where routing configuration comes from. A provider publishes the whole of what it knows, each time it changes. */
export interface Provider {
  /** `file`, `kubernetescrd`. Objects in files are named `@kubernetescrd` too: what counts there is the form, not the place. */
  readonly name: string;
  /**
   * Publishes once, resolves, and from then on publishes every change until `signal` aborts. Rejects only when it can
   * never work.
   */
  provide(publish: Publish, signal: AbortSignal, log: Logger): Promise<void>;
  /** Reads everything again now (SIGHUP). */
  reload?(): void;
  /** Hears what became of the configuration, each time one has been taken over or refused; must not throw. */
  report?(status: RuntimeStatus): void;
  /** After the abort: resolves when the provider has given back what it held elsewhere; soon, whatever happens. */
  close?(): Promise<void>;
}

/** Hands over a new state of knowledge, or says why a change could not be read at all: then nothing is replaced. */
export type Publish = (update: ProviderUpdate) => void;

export type ProviderUpdate =
  | { readonly ok: true; readonly configuration: DynamicConfiguration }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };
