import { guideSecret } from './tokens.ts';

/**
 * A route for every loopback name to an MCP server on this machine: no authentication, and an `mcp` middleware that
 * allows all, so that each message still passes the scanner and a decision.
 */
export function allowEverythingRoute(port: number): string {
  return anyLoopbackName(port, '{ defaultAction: allow }');
}

/** The same, but every message is judged by rules, which allow it, and every list is filtered by them. */
export function judgedRoute(port: number): string {
  const rules = [
    '{ match: "Equals(`mcp.params.name`, `nobody-has-this-name`)", action: deny }',
    '{ match: "Exists(`mcp.method`)", action: allow }',
  ];
  return anyLoopbackName(port, `{ policies: [${rules.join(', ')}], defaultAction: deny }`);
}

function anyLoopbackName(port: number, options: string): string {
  return `http:
  routers:
    everything:
      rule: Host(\`127.0.0.1\`) || Host(\`localhost\`)
      entryPoints: [web]
      middlewares: [allow-all]
      service: everything
  middlewares:
    allow-all:
      plugin:
        mcp: ${options}
  services:
    everything:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:${port}
`;
}

/** The same upstream below `/everything`, for callers with a token of the guide's secret; allows everything to them. */
export function tokenRoute(port: number): string {
  return `http:
  routers:
    everything:
      rule: (Host(\`127.0.0.1\`) || Host(\`localhost\`)) && PathPrefix(\`/everything\`)
      entryPoints: [web]
      middlewares: [token, allow-all, strip]
      service: everything
  middlewares:
    token:
      plugin:
        jwt:
          signingSecret: ${guideSecret}
    allow-all:
      plugin:
        mcp:
          defaultAction: allow
    strip:
      stripPrefix:
        prefixes: [/everything]
  services:
    everything:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:${port}
`;
}
