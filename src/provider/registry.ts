import type { Provider } from './definition.ts';
import { createKubernetesProvider } from './kubernetes/kubernetes-provider.ts';
import type { KubernetesOptions } from './kubernetes/options.ts';
import { createFileProvider, type FileProviderOptions } from './manifests/file-provider.ts';

/** What install options say about providers. */
export interface ProviderSettings {
  readonly file?: Omit<FileProviderOptions, 'throttleDuration'> | undefined;
  readonly kubernetesCRD?: KubernetesOptions | undefined;
  /** Milliseconds. */
  readonly providersThrottleDuration: number;
}

type MakeProvider = (settings: ProviderSettings) => Provider | undefined;

/** Every provider: undefined when it is not configured. */
const providers: readonly MakeProvider[] = [
  ({ file, providersThrottleDuration: throttleDuration }) =>
    file === undefined ? undefined : createFileProvider({ ...file, throttleDuration }),
  ({ kubernetesCRD }) => (kubernetesCRD === undefined ? undefined : createKubernetesProvider(kubernetesCRD)),
];

/** The providers that install options ask for. */
export function createProviders(settings: ProviderSettings): readonly Provider[] {
  return providers.flatMap((make) => make(settings) ?? []);
}
