import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { artifactPath, hasChromium, launchChromium } from '../peers/chromium.ts';
import { type GuideSetting, startGuide } from '../peers/guide.ts';
import { InspectorPage, startInspectorUi } from '../peers/inspector-ui.ts';
import { admin, developer, signToken } from '../peers/tokens.ts';

if (!hasChromium)
  console.warn('Left out: the Inspector in a browser. No Chromium here; set CHROMIUM to the path of one.');

describe.runIf(hasChromium)('Steps 10 to 12 in the Inspector 1.x', () => {
  let guide: GuideSetting;
  let inspector: Awaited<ReturnType<typeof startInspectorUi>>;
  let browser: Browser;
  let ui: InspectorPage;
  beforeAll(async () => {
    [guide, inspector, browser] = await Promise.all([startGuide(), startInspectorUi(), launchChromium()]);
    const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    page.setDefaultTimeout(15_000);
    await page.goto(inspector.url);
    ui = new InspectorPage(page);
  });
  afterAll(async () => {
    await browser?.close();
    await inspector?.stop();
    await guide?.stop();
  });

  const picture = (name: string) => ui.page.screenshot({ path: artifactPath(`inspector-${name}.png`) });

  test('[G-10.connect] connects via proxy with the developer token', async () => {
    await ui.connect(guide.mcpUrl, await signToken(developer));
    await picture('step-10-connected');
  });

  test('[G-11.tools] lists the tools, reads the structure and the contents of the wiki', async () => {
    expect(await ui.listTools()).toEqual(['read_wiki_structure', 'read_wiki_contents', 'ask_question']);
    expect(await ui.runTool('read_wiki_structure', 'kubernetes/kubernetes', 'Success')).toContain('Control plane');
    await picture('step-11-structure');
    expect(await ui.runTool('read_wiki_contents', 'kubernetes/kubernetes', 'Success')).toContain(
      'Scheduling and resources',
    );
    await picture('step-11-contents');
  });

  test('[G-12.developer-ui] shows the developer a 403 for the contents after the policy was restricted', async () => {
    await guide.restrict();
    expect(await ui.runTool('read_wiki_structure', 'kubernetes/kubernetes', 'Success')).toContain('Control plane');
    const refusal = await ui.runTool('read_wiki_contents', 'kubernetes/kubernetes', 'Error');
    expect(refusal).toContain('"code":403,"message":"denied by policy"');
    await picture('step-12-developer-403');
  });

  test('[G-12.admin-ui] gives the admin the contents after reconnecting', async () => {
    await ui.reconnect(await signToken(admin));
    expect(await ui.listTools()).toEqual(['read_wiki_structure', 'read_wiki_contents']);
    expect(await ui.runTool('read_wiki_contents', 'kubernetes/kubernetes', 'Success')).toContain(
      'Scheduling and resources',
    );
    await picture('step-12-admin-200');
  });
});
