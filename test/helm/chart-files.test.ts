import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { chart, helmBinaries, readObjects, renderChart } from './chart.ts';

const root = join(chart, '../../..');

describe('what the chart shares with the rest of the tree', () => {
  test('[HELM-crds] its CRDs are the generated ones', () => {
    const generated = join(root, 'deploy/crds');
    const names = readdirSync(generated);
    expect(readdirSync(join(chart, 'crds'))).toEqual(names);
    for (const name of names) {
      expect(readFileSync(join(chart, 'crds', name), 'utf8'), `copy deploy/crds/${name}`).toBe(
        readFileSync(join(generated, name), 'utf8'),
      );
    }
  });

  test.each([...helmBinaries()])(
    '[HELM-rbac] its rules, rendered by %s, are those of deploy/rbac',
    async (_name, helm) => {
      const rules = (text: string, kind: string): unknown =>
        readObjects(text).find((object) => object.kind === kind && !object.metadata.name.endsWith('-leader'))?.[
          'rules'
        ];
      const written = readFileSync(join(root, 'deploy/rbac/cluster.yaml'), 'utf8');
      expect(rules(await renderChart(helm, {}), 'ClusterRole')).toEqual(rules(written, 'ClusterRole'));
    },
  );
});
