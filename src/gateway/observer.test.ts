import { expect, test } from 'vitest';
import { testExchange } from '../../test/support/exchange.ts';
import { keptLogger } from '../../test/support/kept-log.ts';
import { loadStaticConfiguration } from '../config/static/load.ts';
import { createObserver } from './observer.ts';

test('[TEL-lost] what was lost elsewhere is counted, and what was not lost is counted as nothing', async () => {
  const loaded = loadStaticConfiguration({ argv: [], env: {}, cwd: '/' });
  if (!loaded.ok) throw new TypeError('the configuration of the test is broken');
  let lines = 0;
  const observer = await createObserver(loaded.configuration, keptLogger, { log: () => lines }, {});
  const counts = async (): Promise<Record<string, number>> => {
    const reply = await observer.documents.get('/metrics')?.(testExchange());
    const found = String(reply?.body).matchAll(/portcullis_telemetry_dropped_total\{signal="([a-z-]+)"\} (\d+)/g);
    return Object.fromEntries([...found].map(([, signal, count]) => [signal, Number(count)]));
  };
  const none = { traces: 0, audit: 0, 'audit-push': 0, access: 0, 'access-push': 0, log: 0, 'log-push': 0 };
  expect(await counts()).toEqual(none);
  lines = 7;
  expect(await counts()).toEqual({ ...none, log: 7 });
  await observer.close();
});
