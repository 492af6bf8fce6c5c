/**
 * Checks the import table. A check that saw nothing would pass, too, so it fails when it saw suspiciously few modules.
 */
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import extractOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config';

const fewestModules = 40;

const options = await extractOptions('./.dependency-cruiser.cjs');
const { output } = await cruise(['src'], options, undefined, { tsConfig: extractTsConfig('./tsconfig.json') });
const result = output as ICruiseResult;
const modules = result.modules.filter((module) => module.source.startsWith('src/'));
const violations = result.summary.violations.filter((violation) => violation.rule.severity === 'error');

for (const { rule, from, to } of violations) process.stderr.write(`${from} → ${to}: ${rule.name}\n`);
if (modules.length < fewestModules) {
  process.stderr.write(`only ${modules.length} modules were seen: the check does not work\n`);
}
process.stdout.write(`imports: ${modules.length} modules, ${violations.length} violations\n`);
process.exitCode = violations.length > 0 || modules.length < fewestModules ? 1 : 0;
