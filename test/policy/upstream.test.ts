import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { carryOut } from '../../src/cli/main.ts';
import { type AnswerFormat, startCountingUpstream } from './counting-upstream.ts';

const manifest = `apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: { name: shop }
spec:
  plugin:
    mcp:
      policies:
        - match: Equals(\`mcp.method\`, \`tools/call\`) && OneOf(\`mcp.params.name\`, \`look_up\`, \`refnud\`)
          action: allow
`;

describe('policy lint with a running upstream', () => {
  test.each<AnswerFormat>(['json', 'sse'])('asks it for its tools, answered with %s', async (format) => {
    const upstream = await startCountingUpstream(format);
    const cwd = mkdtempSync(join(tmpdir(), 'portcullis-upstream-'));
    writeFileSync(join(cwd, 'policy.yaml'), manifest);
    let told = '';
    const take = (text: string): void => {
      told += text;
    };
    const lint = (url: string) =>
      carryOut(['policy', 'lint', 'policy.yaml', '--upstream', url], { out: take, err: take, env: {}, cwd });
    try {
      expect(await lint(`http://127.0.0.1:${upstream.port}/mcp`)).toBe(1);
      expect(told).toContain('The upstream offers no tool refnud.');
      expect(told).toContain('Did you mean refund?');
      expect(told).not.toContain('look_up.');
      told = '';
      await upstream.close();
      expect(await lint(`http://127.0.0.1:${upstream.port}/mcp`)).toBe(2);
      expect(told).toContain('cannot be asked for its tools');
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  });
});
