import type { CommandEntry } from './command.ts';

/** Every command, in the order in which help lists them. */
export const commands: readonly CommandEntry[] = [
  { name: 'run', summary: 'Start the gateway (also when no command is named)', load: () => import('./run.ts') },
  {
    name: 'demo',
    summary: 'Start a small MCP server with the gateway in front, ready to try',
    load: () => import('./demo.ts'),
  },
  {
    name: 'check',
    summary: 'Check routing configuration and install options without starting',
    load: () => import('./check.ts'),
  },
  {
    name: 'config',
    summary: 'Print every effective install option and where it came from',
    load: () => import('./config.ts'),
  },
  { name: 'token', summary: 'Make a signed test token (JWT)', load: () => import('./token.ts') },
  { name: 'policy', summary: 'Try policies out', load: () => import('./policy.ts') },
  { name: 'audit', summary: 'Check the account of decisions', load: () => import('./audit.ts') },
  { name: 'schema', summary: 'Print JSON Schemas for editors', load: () => import('./schema.ts') },
  { name: 'healthcheck', summary: 'Ask a running gateway whether it is well', load: () => import('./healthcheck.ts') },
  { name: 'version', summary: 'Print the version', load: () => import('./version.ts') },
  {
    name: 'completion',
    summary: 'Print a completion script for bash, zsh or fish',
    load: async () => ({ command: (await import('./completion.ts')).completionCommand(commands) }),
  },
];
