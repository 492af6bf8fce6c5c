import '../peers/localhost-names.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GuideSetting, startGuide } from '../peers/guide.ts';
import { admin, developer, signToken } from '../peers/tokens.ts';
import type { ClientKind, ConnectedClient } from './client-under-test.ts';
import { sdkV1 } from './sdk-v1-client.ts';
import { sdkV2 } from './sdk-v2-client.ts';

/** Contents for developers too: only their list grows. */
const contentsForAll = (manifest: string) => manifest.replace(' && Contains(`jwt.groups`, `admin`)', '');

describe.each<[string, ClientKind]>([
  ['legacy', sdkV1],
  ['modern', sdkV2('TypeScript SDK v2, pinned', { pin: '2026-07-28' })],
])('%s clients while the policy is edited', (_era, kind) => {
  let guide: GuideSetting;
  let asDeveloper: ConnectedClient;
  let asAdmin: ConnectedClient;
  beforeAll(async () => {
    guide = await startGuide();
    await guide.restrict();
    const connect = async (claims: object) =>
      kind.connect(guide.mcpUrl, { Authorization: `Bearer ${await signToken({ ...claims })}` });
    asDeveloper = await connect(developer);
    asAdmin = await connect(admin);
  });
  afterAll(async () => {
    await asDeveloper?.close();
    await asAdmin?.close();
    await guide?.stop();
  });

  test('[PL-6.live] the one whose list changes is told, the other is not', async () => {
    expect(await asDeveloper.listTools()).toEqual(['read_wiki_structure']);
    expect(await asAdmin.listTools()).toEqual(['read_wiki_structure', 'read_wiki_contents']);
    // The streams on which notices come are opened in the background.
    await new Promise((resolve) => setTimeout(resolve, 500));
    await guide.edit(contentsForAll);
    await expect.poll(() => asDeveloper.notices, { timeout: 5_000 }).toEqual(['tools changed']);
    expect(await asDeveloper.listTools()).toEqual(['read_wiki_structure', 'read_wiki_contents']);
    expect(asAdmin.notices).toEqual([]);
  });
});
