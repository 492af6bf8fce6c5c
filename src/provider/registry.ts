import type { Provider } from './definition.ts';
import type { KubernetesOptions } from './kubernetes/options.ts';
import { createFileProvider, type FileProviderOptions } from './manifests/file-provider.ts';

/** What install options say about providers. */
export interface ProviderSettings {
  readonly file?: Omit<FileProviderOptions, 'throttleDuration'> | undefined;
  readonly kubernetesCRD?: KubernetesOptions | undefined;
  /** Milliseconds. */
  readonly providersThrottleDuration: number;
}

type MakeProvider = (settings: ProviderSettings) => Provider | Promise<Provider | undefined> | undefined;

/** Every provider: undefined when it is not configured. */
const providers: readonly MakeProvider[] = [
  ({ file, providersThrottleDuration: throttleDuration }) =>
    file === undefined ? undefined : createFileProvider({ ...file, throttleDuration }),
  async ({ kubernetesCRD }) => {
    if (kubernetesCRD === undefined) return undefined;
    // With all that it needs to talk to an API server: a gateway that reads files starts without.
    const { createKubernetesProvider } = await import('./kubernetes/kubernetes-provider.ts');
    return createKubernetesProvider(kubernetesCRD);
  },
];

/** The providers that install options ask for. */
export async function createProviders(settings: ProviderSettings): Promise<readonly Provider[]> {
  const made = await Promise.all(providers.map((make) => make(settings)));
  return made.filter((provider) => provider !== undefined);
}
