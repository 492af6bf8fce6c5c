/**
 * Loaded into a gateway: at the first SIGUSR2 everything that lives is moved to the old generation, dead things with it soon
 * after (unless PROBE_COLLECTS=no); at the second it tells how much the old generation has grown by since.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
const oldSpace = () => getHeapSpaceStatistics().find((space) => space.space_name === 'old_space').space_used_size;

let last;
let grown = 0;
let scavenges = 0;

function sample() {
  const used = oldSpace();
  grown += Math.max(0, used - last);
  last = used;
}

new PerformanceObserver((list) => {
  if (last === undefined) return;
  scavenges += list.getEntries().length;
  sample();
}).observe({ entryTypes: ['gc'] });

process.on('SIGUSR2', () => {
  if (last === undefined) {
    if (process.env.PROBE_COLLECTS !== 'no') collect();
    last = oldSpace();
    process.stderr.write('probe started\n');
    return;
  }
  sample();
  process.stderr.write(`probe ${JSON.stringify({ grown, scavenges })}\n`);
});
