import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { findFreePort, startGroup } from './child.ts';

const launcher = fileURLToPath(new URL('../../node_modules/inspector1/client/bin/start.js', import.meta.url));
const localhostNames = new URL('./localhost-names.ts', import.meta.url).href;

/** Starts the Inspector 1.x: its page, and the proxy that connects on behalf of the page. */
export async function startInspectorUi(): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const [client, proxy] = [await findFreePort(), await findFreePort()];
  const home = mkdtempSync(join(tmpdir(), 'portcullis-inspector-'));
  const inspector = startGroup(process.execPath, [launcher], {
    HOME: home,
    CLIENT_PORT: String(client),
    SERVER_PORT: String(proxy),
    MCP_AUTO_OPEN_ENABLED: 'false',
    MCP_PROXY_AUTH_TOKEN: 'only-for-this-test',
    NODE_OPTIONS: `--import=${localhostNames} --disable-warning=ExperimentalWarning`,
  });
  const stop = async () => {
    await inspector.stop();
    rmSync(home, { recursive: true, force: true });
  };
  const deadline = performance.now() + 30_000;
  while (!inspector.output().includes('up and running')) {
    if (!inspector.running() || performance.now() > deadline) {
      await stop();
      throw new Error(`the Inspector did not start:\n${inspector.output()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { url: `http://localhost:${client}/?MCP_PROXY_PORT=${proxy}&MCP_PROXY_AUTH_TOKEN=only-for-this-test`, stop };
}

/** The Inspector's page, handled as the guide tells a person to handle it. */
export class InspectorPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Step 10: Streamable HTTP, Via Proxy, one header `Authorization`. */
  async connect(serverUrl: string, token: string): Promise<void> {
    const { page } = this;
    await page.getByLabel('Transport Type').click();
    await page.getByRole('option', { name: 'Streamable HTTP' }).click();
    await page.getByLabel('Connection Type').click();
    await page.getByRole('option', { name: 'Via Proxy' }).click();
    await page.getByRole('textbox', { name: 'URL', exact: true }).fill(serverUrl);
    await page.getByRole('button', { name: 'Authentication' }).click();
    await this.#fillToken(token);
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await this.untilConnected();
  }

  /** Step 12: another token, and a new connection. */
  async reconnect(token: string): Promise<void> {
    await this.#fillToken(token);
    await this.page.getByRole('button', { name: 'Reconnect' }).click();
    await this.untilConnected();
  }

  async untilConnected(): Promise<void> {
    await this.page.getByText(/^Connected/).waitFor();
  }

  /** The names in the list of tools. */
  async listTools(): Promise<readonly string[]> {
    await this.page.getByRole('tab', { name: 'Tools' }).click();
    const panel = this.page.getByRole('tabpanel', { name: 'Tools' });
    const list = panel.getByRole('button', { name: 'List Tools' });
    if (await list.isDisabled()) await panel.getByRole('button', { name: 'Clear' }).click();
    await list.click();
    await panel.getByText('read_wiki_structure').first().waitFor();
    const text = (await panel.textContent()) ?? '';
    return ['read_wiki_structure', 'read_wiki_contents', 'ask_question'].filter((name) => text.includes(name));
  }

  /** Steps 11 and 12: selects a tool, fills in the repository, runs it; the text beside the expected kind of result. */
  async runTool(name: string, repository: string, kind: 'Success' | 'Error'): Promise<string> {
    const panel = this.page.getByRole('tabpanel', { name: 'Tools' });
    await panel.getByText(name, { exact: true }).first().click();
    await panel.getByLabel('repoName').fill(repository);
    await panel.getByRole('button', { name: 'Run Tool' }).click();
    await panel.getByRole('heading', { name: `Tool Result: ${kind}` }).waitFor();
    return (await panel.textContent()) ?? '';
  }

  async #fillToken(token: string): Promise<void> {
    await this.page.getByRole('textbox', { name: 'Header Name' }).fill('Authorization');
    await this.page.getByRole('textbox', { name: 'Header Value' }).fill(`Bearer ${token}`);
    const enabled = this.page.getByRole('switch').first();
    if ((await enabled.getAttribute('aria-checked')) === 'false') await enabled.click();
  }
}
