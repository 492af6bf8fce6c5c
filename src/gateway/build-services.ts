import type { DynamicConfiguration } from '../config/dynamic/model.ts';
import { type Diagnostic, PortcullisError } from '../errors.ts';
import type { ServiceRegistry } from '../service/registry.ts';
import type { Service } from '../service/service.ts';
import { createServices } from '../service/services.ts';

/** The services of a generation, with what is wrong with them. */
export interface ServiceBuild {
  readonly problems: ReadonlyMap<string, readonly Diagnostic[]>;
  /** The service, or undefined when it does not exist or is broken. */
  get(name: string): Service | undefined;
  servers(): ReadonlyMap<string, readonly object[]>;
  dispose(): void;
}

/** Builds every configured service once, so that what is broken shows before anybody asks for it. */
export function buildServices(configuration: DynamicConfiguration, registry: ServiceRegistry): ServiceBuild {
  const services = createServices(configuration, registry);
  const built = new Map<string, Service>();
  const problems = new Map<string, readonly Diagnostic[]>();
  for (const [name, item] of configuration.services) {
    try {
      built.set(name, services.get(name));
      const warnings = [...item.problems, ...(services.warnings.get(name) ?? [])];
      if (warnings.length > 0) problems.set(name, warnings);
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error;
      problems.set(
        name,
        error.diagnostics.length > 0
          ? error.diagnostics
          : [{ code: error.code, severity: 'error', message: error.message, subject: item.origin.label }],
      );
    }
  }
  return {
    problems,
    get: (name) => built.get(name),
    servers: () => new Map([...built].map(([name, service]) => [name, service.status()])),
    dispose: () => services.dispose(),
  };
}
