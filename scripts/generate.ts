/**
 * Writes what is made from definitions: JSON Schemas for editors (`schema/`), reference pages (`docs/reference/`),
 * custom resource definitions (`deploy/crds/`, and for the chart) and the observability kit (`deploy/observability/`, `docs/observability.md`).
 *
 *     node scripts/generate.ts            writes
 *     node scripts/generate.ts --check    fails when something would change
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { customResourceDefinitions } from './custom-resource-definitions.ts';
import { schemaFiles } from './json-schemas.ts';
import { observabilityFiles } from './observability/files.ts';
import { referencePages } from './reference-pages.ts';

const root = dirname(import.meta.dirname);
const definitions = ['deploy/crds', 'deploy/helm/portcullis/crds'];
const folders = ['schema', 'docs/reference', ...definitions];

const files = new Map<string, string>();
for (const [kind, schema] of schemaFiles()) {
  files.set(join(root, 'schema', `${kind}.schema.json`), `${JSON.stringify(schema, undefined, 2)}\n`);
}
for (const [name, text] of await referencePages()) files.set(join(root, 'docs/reference', name), text);
for (const [name, text] of customResourceDefinitions())
  for (const folder of definitions) files.set(join(root, folder, name), text);
for (const [name, text] of observabilityFiles()) files.set(join(root, name), text);

const existing = folders
  .map((folder) => join(root, folder))
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
const stale = [...files].filter(([path, text]) => !existsSync(path) || readFileSync(path, 'utf8') !== text);
const orphans = existing.filter((path) => !files.has(path));
const changed = [...stale.map(([path]) => path), ...orphans].map((path) => relative(root, path));

if (process.argv.includes('--check')) {
  for (const path of changed) process.stderr.write(`${path} is stale: run "make generate"\n`);
  process.exitCode = changed.length > 0 ? 1 : 0;
} else {
  for (const [path, text] of stale) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  for (const path of orphans) rmSync(path);
  for (const path of changed) process.stdout.write(`${path}\n`);
}
process.stdout.write(`generated: ${files.size} files, ${changed.length} changed\n`);
