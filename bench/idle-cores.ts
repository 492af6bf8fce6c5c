import { readFileSync, writeFileSync } from 'node:fs';

const setting = '/sys/module/haltpoll/parameters/guest_halt_poll_ns';
/** Longer than anybody waits between two packets under load. */
const wanted = 1_000_000;

/**
 * Keeps idle cores of a virtual machine from going to sleep until the process ends, where that is allowed: waking a core
 * that sleeps costs whoever writes to a socket up to 10 µs, a slow contender pays that for every write and a quick one,
 * whose peers are never idle, for none. Says what it did, because figures with and without it cannot be compared.
 */
export function keepCoresAwake(): string {
  try {
    const before = readFileSync(setting, 'utf8');
    if (Number(before) >= wanted) return 'idle cores stay awake';
    writeFileSync(setting, String(wanted));
    process.on('exit', () => writeFileSync(setting, before));
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
    return 'idle cores kept awake';
  } catch {
    return 'idle cores may sleep';
  }
}
