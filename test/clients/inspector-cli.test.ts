import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Finished, run } from '../peers/child.ts';
import { startTargets, type TargetName, type Targets, targetNames } from './targets.ts';

const launcher = fileURLToPath(
  new URL('../../node_modules/inspector2/clients/launcher/build/index.js', import.meta.url),
);
const eras = ['legacy', 'modern'] as const;

let targets: Targets;
let home: string;
beforeAll(async () => {
  targets = await startTargets();
  home = mkdtempSync(join(tmpdir(), 'portcullis-inspector-'));
});
afterAll(async () => {
  await targets?.close();
  rmSync(home, { recursive: true, force: true });
});

/** Runs the Inspector's command line once. `--stored-auth-only` keeps it from opening a browser on a 401. */
function inspect(
  era: (typeof eras)[number],
  url: string,
  headers: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<Finished> {
  const config = join(home, `servers-${era}-${performance.now()}.json`);
  writeFileSync(
    config,
    JSON.stringify({ mcpServers: { one: { type: 'streamable-http', url, headers, protocolEra: era } } }),
  );
  const chosen = ['--cli', '--config', config, '--server', 'one', '--format', 'json', '--stored-auth-only'];
  return run(process.execPath, [launcher, ...chosen, ...args], { HOME: home, MCP_INSPECTOR_SECRET_STORE: 'memory' });
}

const walks: readonly { readonly args: readonly string[]; readonly code: number; readonly shows: string }[] = [
  { args: ['--method', 'tools/list'], code: 0, shows: 'test_simple_text' },
  {
    args: ['--method', 'tools/call', '--tool-name', 'test_x_mcp_header', '--tool-arg', 'region=Zürich'],
    code: 0,
    shows: 'Zürich',
  },
  { args: ['--method', 'tools/call', '--tool-name', 'test_error_handling'], code: 5, shows: 'intentionally' },
  { args: ['--method', 'resources/read', '--uri', 'test://template/7/data'], code: 0, shows: 'Data for ID: 7' },
  { args: ['--method', 'prompts/get', '--prompt-name', 'test_simple_prompt'], code: 0, shows: 'simple prompt' },
];

describe.each(eras)('the Inspector 2.x command line, %s era', (era) => {
  const walk = (name: TargetName, args: readonly string[]) =>
    inspect(era, targets.reach[name].url, targets.reach[name].headers, args);

  test.each(walks.map((each) => [each.args.slice(1).join(' '), each] as const))(
    '[DP-1.inspector-cli] %s prints the same straight and through the gateway',
    async (_, { args, code, shows }) => {
      const [direct, through] = await Promise.all(targetNames.map((name) => walk(name, args)));
      expect({ code: direct?.code, stdout: direct?.stdout }).toEqual({ code, stdout: expect.stringContaining(shows) });
      expect(through?.code).toBe(direct?.code);
      expect(JSON.parse(through?.stdout ?? '')).toEqual(JSON.parse(direct?.stdout ?? ''));
    },
  );

  test('[DP-4.challenge-cli] understands that it needs a token when it has none', async () => {
    const { code, stderr } = await inspect(era, targets.reach.through.url, {}, ['--method', 'tools/list']);
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringMatching(/auth/i) });
  });
});
