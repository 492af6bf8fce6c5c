import { beforeEach } from 'vitest';

/** Tests that measure time say nothing about code that carries thousands of switches: they are skipped under mutation. */
const measures = /linear\]|quick\]|takes linear time|takes little time|no more work than|cost about/;

beforeEach(({ task, skip }) => {
  const names = [task.name];
  for (let suite = task.suite; suite !== undefined; suite = suite.suite) names.push(suite.name);
  if (names.some((name) => measures.test(name))) skip();
});
