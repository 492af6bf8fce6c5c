import { type RunningEverything, startEverything } from '../peers/everything.ts';
import { startTestGateway, type TestGateway } from '../peers/gateway.ts';
import { tokenRoute } from '../peers/routes.ts';
import { developer, signToken } from '../peers/tokens.ts';

/** The same upstream reached straight and through a gateway that demands a token. */
export type Targets = {
  readonly upstream: RunningEverything;
  readonly gateway: TestGateway;
  readonly reach: Readonly<
    Record<TargetName, { readonly url: string; readonly headers: Readonly<Record<string, string>> }>
  >;
  readonly close: () => Promise<void>;
};

export type TargetName = 'direct' | 'through';
export const targetNames = ['direct', 'through'] as const;

export async function startTargets(): Promise<Targets> {
  const upstream = await startEverything();
  const gateway = await startTestGateway({ files: { 'everything.yaml': tokenRoute(upstream.port) } });
  const authorization = `Bearer ${await signToken(developer)}`;
  return {
    upstream,
    gateway,
    reach: {
      direct: { url: upstream.url, headers: {} },
      through: { url: `${gateway.webUrl}/everything/mcp`, headers: { authorization } },
    },
    close: async () => {
      await gateway.stop();
      await upstream.close();
    },
  };
}
