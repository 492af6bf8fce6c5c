import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { type Collector, startCollector } from './collector.ts';
import { type Setting, startSetting } from './setting.ts';

let collector: Collector | undefined;
const settings: Setting[] = [];
afterEach(async () => {
  for (const setting of settings.splice(0)) await setting.stop();
  await collector?.stop();
  collector = undefined;
});

/**
 * CPU seconds of the thread that serves requests, and resident MiB of a process. The scheduler's own figure: that of `stat`
 * is cut to hundredths. Other threads compile code that has been called often, whenever they get to it.
 */
function usage(pid: number): { cpu: number; resident: number } {
  const time = Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]);
  const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return { cpu: time / 1e9, resident: Number(resident) / 1_024 };
}

async function burst(setting: Setting, count: number): Promise<number> {
  let left = count;
  const worker = async () => {
    while (left-- > 0) {
      const { status } = await setting.send('tools/call', { name: 'echo', arguments: { value: 'x' } });
      expect(status).toBe(200);
    }
  };
  const before = usage(setting.gateway.pid).cpu;
  await Promise.all(Array.from({ length: 16 }, worker));
  return usage(setting.gateway.pid).cpu - before;
}

const quick = { OTEL_BSP_SCHEDULE_DELAY: '100', OTEL_BSP_EXPORT_TIMEOUT: '5000' };

describe('a collector that accepts and never answers', () => {
  test('[TEL-hang] costs a call no more than one that answers, and no memory', async () => {
    const hanging = await startCollector({ hang: true });
    collector = hanging;
    const flags = (endpoint: string) => () => [
      `--tracing.otlp.http.endpoint=${endpoint}/v1/traces`,
      `--metrics.otlp.http.endpoint=${endpoint}/v1/metrics`,
      '--metrics.otlp.pushInterval=500ms',
      '--log.level=INFO',
    ];
    const stuck = await startSetting({ flags: flags(hanging.httpUrl), env: quick });
    const off = await startSetting({ flags: () => ['--metrics.prometheus=true', '--log.level=INFO'] });
    settings.push(stuck, off);
    const rounds: {
      readonly stuck: number;
      readonly off: number;
      readonly resident: number;
      readonly plain: number;
    }[] = [];
    for (const setting of [stuck, off, stuck, off]) await burst(setting, 3_000);
    // By CPU and interleaved, so that a busy machine does not decide; its neighbours' caches still can, and only ever for
    // the worse: what a burst costs undisturbed is the least that it was seen to cost. More rounds, until that is known.
    const least = (of: 'stuck' | 'off'): number => Math.min(...rounds.map((one) => one[of]));
    const ratio = (): number => least('stuck') / least('off');
    for (let round = 0; round < 8 || (round < 24 && ratio() >= 1.05); round++) {
      const order = round % 2 === 0 ? [stuck, off] : [off, stuck];
      const used = new Map<Setting, number>();
      for (const setting of order) used.set(setting, await burst(setting, 800));
      rounds.push({
        stuck: used.get(stuck) ?? 0,
        off: used.get(off) ?? 0,
        resident: usage(stuck.gateway.pid).resident,
        plain: usage(off.gateway.pid).resident,
      });
    }
    const scrape = (await stuck.http('GET', '/metrics', {}, '', stuck.gateway.adminUrl)).body;
    const dropped = Number(/portcullis_telemetry_dropped_total\{signal="traces"\} (\d+)/.exec(scrape)?.[1] ?? 0);
    expect(hanging.requests.length).toBeGreaterThan(0);
    // 12,400 calls would make 49,600 spans; the queue holds 2,048 of them.
    expect(dropped).toBeGreaterThan(10_000);
    expect(ratio()).toBeLessThan(1.05);
    // A heap grows for a while; it must not grow more than that of a gateway without a collector.
    const [early, late] = [rounds[1], rounds.at(-1)];
    const grown = (late?.resident ?? 0) - (early?.resident ?? 0) - ((late?.plain ?? 0) - (early?.plain ?? 0));
    expect(grown).toBeLessThan(25);
  }, 240_000);

  test('[TEL-hang] one that is down is no reason to wait, neither while running nor at the end', async () => {
    const gone = await startCollector();
    await gone.stop();
    const setting = await startSetting({
      env: quick,
      flags: () => [
        `--tracing.otlp.http.endpoint=${gone.httpUrl}/v1/traces`,
        `--metrics.otlp.http.endpoint=${gone.httpUrl}/v1/metrics`,
        '--metrics.otlp.pushInterval=100ms',
        '--log.level=INFO',
      ],
    });
    settings.push(setting);
    await burst(setting, 200);
    const before = performance.now();
    expect(await setting.gateway.stop()).toBe(0);
    expect(performance.now() - before).toBeLessThan(5_000);
  }, 60_000);
});
