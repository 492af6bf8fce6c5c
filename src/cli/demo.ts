import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CommandDefinition } from './command.ts';
import { exitCode } from './exit-code.ts';
import { loadInstallOptions, settingForPath } from './install-options.ts';
import { packageRoot } from './package-facts.ts';

/** What the demo offers; it lives outside of `src`, beside the server that it starts. */
interface DemoModule {
  runDemo(options: {
    readonly startGateway: (
      args: readonly string[],
    ) => Promise<{ readonly webAddress: string; readonly stop: () => Promise<void> }>;
    readonly print: (line: string) => void;
  }): Promise<{ readonly stop: () => Promise<void> }>;
}

export const command: CommandDefinition = {
  takesInstallOptions: true,
  configure(demo) {
    demo.addHelpText(
      'after',
      `
Starts a small MCP server with pages to read and search, the gateway with the guide's routes and policies in front of
it, and prints tokens and lines to paste. Ports are those of "run": change them with --entryPoints.web.address and the
like.`,
    );
  },
  async execute(invocation) {
    const file = ['demo.ts', 'demo.js'].map((name) => join(packageRoot, 'demo', name)).find((each) => existsSync(each));
    if (file === undefined) {
      invocation.err('error: the demo is not part of this installation; it is in the source checkout (make demo)\n');
      return exitCode.failed;
    }
    const { runDemo }: DemoModule = await import(pathToFileURL(file).href);
    const [{ openGateway }, { separateFlags }, { staticSchema }] = await Promise.all([
      import('./open-gateway.ts'),
      import('../config/static/flags.ts'),
      import('../config/static/schema.ts'),
    ]);
    let ended: Promise<number> | undefined;
    let wrong = false;
    const running = runDemo({
      async startGateway(args) {
        const { settings, rest } = separateFlags(args, staticSchema);
        const folders = rest.map((path) => settingForPath(path, invocation.cwd));
        const own = { ...invocation, install: [...settings, ...invocation.install] };
        const loaded = loadInstallOptions(own, folders);
        if (loaded === undefined) {
          wrong = true;
          throw new Error('the install options are wrong');
        }
        const open = await openGateway(loaded);
        ended = open.ended;
        const web = open.gateway.addresses.get('web');
        return { webAddress: web === undefined ? '' : `${web.address}:${web.port}`, stop: async () => {} };
      },
      print: (line) => invocation.out(`${line}\n`),
    });
    try {
      const { stop } = await running;
      const code = (await ended) ?? exitCode.ok;
      await stop();
      return process.exit(code);
    } catch (error) {
      if (wrong) return exitCode.configuration;
      throw error;
    }
  },
};
