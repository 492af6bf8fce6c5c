/**
 * A route for every loopback name to an MCP server on this machine: no authentication, and an `mcp` middleware that
 * allows all, so that each message still passes the scanner and a decision.
 */
export function allowEverythingRoute(port: number): string {
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
        mcp:
          defaultAction: allow
  services:
    everything:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:${port}
`;
}
