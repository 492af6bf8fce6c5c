import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { parseAddress } from '../config/static/values.ts';
import { type CommandDefinition, UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import { loadInstallOptions } from './install-options.ts';

const timeout = 5000;

export const command: CommandDefinition = {
  takesInstallOptions: true,
  configure(healthcheck) {
    healthcheck.addHelpText(
      'after',
      `
Asks /ping of the entrypoint that serves it (ping.entryPoint, else admin), as configured for "run" by file, variables
and flags. Exit code 0 when the gateway is well, 1 when it is not.

Example, in a container file:
  HEALTHCHECK CMD ["portcullis", "healthcheck"]`,
    );
  },
  async execute(invocation) {
    if (invocation.operands.length > 0) throw new UsageError('healthcheck takes no folder');
    const loaded = loadInstallOptions(invocation);
    if (loaded === undefined) return exitCode.configuration;
    const { ping, entryPoints } = loaded.configuration;
    const entryPoint = ping === undefined ? undefined : entryPoints[ping.entryPoint];
    const address = entryPoint === undefined ? undefined : parseAddress(entryPoint.address);
    if (ping === undefined || entryPoint === undefined || address === undefined) {
      invocation.err('error: /ping is switched off (ping=false)\n');
      return exitCode.configuration;
    }
    const scheme = entryPoint.http.tls === undefined ? 'http' : 'https';
    const url = `${scheme}://${hostToAsk(address.host)}:${address.port}/ping`;
    const answer = await ask(url);
    if (answer === 200) {
      invocation.out(`OK: ${url}\n`);
      return exitCode.ok;
    }
    invocation.err(`${typeof answer === 'number' ? `Bad status ${answer}` : `No answer (${answer})`}: ${url}\n`);
    return exitCode.failed;
  },
};

/** An address that accepts everything is asked on loopback. */
function hostToAsk(host: string | undefined): string {
  if (host === undefined || host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

/** Status of a GET, or why there is none. */
function ask(url: string): Promise<number | string> {
  return new Promise((resolve) => {
    // The certificate is made for other names than the address; whether it is the right one is not what is asked here.
    const options = { timeout, agent: false, rejectUnauthorized: false } as const;
    const request = (url.startsWith('https:') ? requestHttps : requestHttp)(url, options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('timeout', () => request.destroy(new Error(`nothing within ${timeout / 1000} s`)));
    request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    request.end();
  });
}
