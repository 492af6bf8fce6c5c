import type { Instrument, MetricsRegistry } from './instruments.ts';

/** Media type of the Prometheus text format. */
export const expositionType = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Writes all instruments in the Prometheus text format. Dotted OpenTelemetry names become underscored, with the unit as
 * suffix, as the OpenTelemetry specification maps them. `keeps` says by its name whether an instrument is written.
 */
export function writeExposition(registry: MetricsRegistry, keeps: (name: string) => boolean): string {
  const lines: string[] = [];
  for (const instrument of registry.collect()) {
    if (instrument.series.size === 0 || !keeps(instrument.description.name)) continue;
    const name = prometheusName(instrument);
    lines.push(`# HELP ${name} ${instrument.description.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`);
    lines.push(`# TYPE ${name} ${instrument.kind}`);
    writeSeries(name, instrument, lines);
  }
  return `${lines.join('\n')}\n`;
}

/** The name a dashboard uses for an instrument. */
export function prometheusName(instrument: Instrument): string {
  const { name, unit } = instrument.description;
  const base = name.replaceAll('.', '_');
  if (!name.includes('.')) return base;
  const suffix = unit === 's' ? '_seconds' : unit === 'By' ? '_bytes' : '';
  const counted = instrument.kind === 'counter' ? '_total' : '';
  return `${base}${base.endsWith(suffix) ? '' : suffix}${counted}`;
}

function writeSeries(name: string, instrument: Instrument, lines: string[]): void {
  const labels = instrument.description.labels.map((label) => label.replaceAll('.', '_'));
  if (instrument.kind !== 'histogram') {
    for (const { values, series } of instrument.series)
      lines.push(`${name}${braces(labels, values)} ${number(series.value)}`);
    return;
  }
  for (const { values, series } of instrument.series) {
    let cumulative = 0;
    for (const [index, bound] of instrument.bounds.entries()) {
      cumulative += series.counts[index] as number;
      lines.push(`${name}_bucket${braces([...labels, 'le'], [...values, String(bound)])} ${cumulative}`);
    }
    lines.push(`${name}_bucket${braces([...labels, 'le'], [...values, '+Inf'])} ${series.count}`);
    lines.push(`${name}_sum${braces(labels, values)} ${number(series.sum)}`);
    lines.push(`${name}_count${braces(labels, values)} ${series.count}`);
  }
}

/** `{a="b",c="d"}`; a label without a value is left out. */
function braces(labels: readonly string[], values: readonly string[]): string {
  const parts: string[] = [];
  for (const [index, label] of labels.entries()) {
    const value = values[index] ?? '';
    if (value !== '') parts.push(`${label}="${escapeValue(value)}"`);
  }
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

function number(value: number): string {
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : value < 0 ? '-Inf' : 'NaN';
}
