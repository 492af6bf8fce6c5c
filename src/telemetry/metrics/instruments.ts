/**
 * Counters, gauges and histograms with bounded label sets. One registry feeds both the Prometheus endpoint and OTLP, so
 * the two can never disagree, and recording costs well under a microsecond.
 */

/** What an instrument is called and counts. */
export interface InstrumentDescription {
  /** Prometheus name for `traefik_*` and our own; dotted OpenTelemetry name for conventional ones. */
  readonly name: string;
  readonly help: string;
  /** UCUM: `s`, `By`, `{request}`; empty for plain numbers. */
  readonly unit: string;
  readonly labels: readonly string[];
  /** Most label combinations; further ones are counted under `_other`. */
  readonly limit?: number;
}

const defaultLimit = 2_000;
const overflow = '_other';
const separator = '\u0000';

/** Series of one instrument, by label values. */
export class SeriesMap<Series> {
  readonly #series = new Map<string, { readonly values: readonly string[]; readonly series: Series }>();
  readonly #limit: number;
  readonly #make: () => Series;

  constructor(limit: number, make: () => Series) {
    this.#limit = limit;
    this.#make = make;
  }

  /** The series for these label values, in the order of the description's labels. */
  get(values: readonly string[]): Series {
    const key = values.join(separator);
    const found = this.#series.get(key);
    if (found !== undefined) return found.series;
    const bounded = this.#series.size >= this.#limit ? values.map(() => overflow) : values;
    const boundedKey = bounded.join(separator);
    const present = this.#series.get(boundedKey);
    if (present !== undefined) return present.series;
    const series = this.#make();
    this.#series.set(boundedKey, { values: bounded, series });
    return series;
  }

  get size(): number {
    return this.#series.size;
  }

  /** Drops the series for which `gone` says so: of servers and routers that no longer exist. */
  forget(gone: (values: readonly string[]) => boolean): void {
    for (const [key, { values }] of this.#series) if (gone(values)) this.#series.delete(key);
  }

  *[Symbol.iterator](): Generator<{ readonly values: readonly string[]; readonly series: Series }> {
    yield* this.#series.values();
  }
}

/** A sum that only grows. */
export class Counter {
  readonly kind = 'counter';
  readonly description: InstrumentDescription;
  readonly series: SeriesMap<{ value: number }>;
  /** Runs before each collection, for what is counted elsewhere. */
  observe: (() => void) | undefined;

  constructor(description: InstrumentDescription) {
    this.description = description;
    this.series = new SeriesMap(description.limit ?? defaultLimit, () => ({ value: 0 }));
  }

  add(amount: number, ...values: readonly string[]): void {
    this.series.get(values).value += amount;
  }
}

/** A value that goes up and down. */
export class Gauge {
  readonly kind = 'gauge';
  readonly description: InstrumentDescription;
  readonly series: SeriesMap<{ value: number }>;
  /** Runs before each collection, for values that are read rather than kept. */
  observe: (() => void) | undefined;

  constructor(description: InstrumentDescription) {
    this.description = description;
    this.series = new SeriesMap(description.limit ?? defaultLimit, () => ({ value: 0 }));
  }

  set(value: number, ...values: readonly string[]): void {
    this.series.get(values).value = value;
  }

  add(amount: number, ...values: readonly string[]): void {
    this.series.get(values).value += amount;
  }
}

/** How values are spread over buckets. `counts` has one more entry than there are bounds. */
export interface Distribution {
  readonly counts: number[];
  sum: number;
  count: number;
}

export class Histogram {
  readonly kind = 'histogram';
  readonly description: InstrumentDescription;
  readonly bounds: readonly number[];
  readonly series: SeriesMap<Distribution>;

  constructor(description: InstrumentDescription, bounds: readonly number[]) {
    this.description = description;
    this.bounds = bounds;
    this.series = new SeriesMap(description.limit ?? defaultLimit, () => ({
      counts: new Array<number>(bounds.length + 1).fill(0),
      sum: 0,
      count: 0,
    }));
  }

  record(value: number, ...values: readonly string[]): void {
    this.recordInto(this.series.get(values), value);
  }

  /** The same for a series that is at hand. */
  recordInto(distribution: Distribution, value: number): void {
    const { bounds } = this;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] as number)) index += 1;
    distribution.counts[index] = (distribution.counts[index] as number) + 1;
    distribution.sum += value;
    distribution.count += 1;
  }
}

export type Instrument = Counter | Gauge | Histogram;

/** All instruments of a process. */
export class MetricsRegistry {
  readonly #instruments = new Map<string, Instrument>();
  /** Wall clock in ms since 1970 from which sums count. */
  readonly startedAt: number = Date.now();

  counter(description: InstrumentDescription): Counter {
    return this.#keep(new Counter(description));
  }

  gauge(description: InstrumentDescription, observe?: (gauge: Gauge) => void): Gauge {
    const gauge = this.#keep(new Gauge(description));
    if (observe !== undefined) gauge.observe = () => observe(gauge);
    return gauge;
  }

  histogram(description: InstrumentDescription, bounds: readonly number[]): Histogram {
    return this.#keep(new Histogram(description, bounds));
  }

  /** The instruments, with observed values brought up to date. */
  collect(): readonly Instrument[] {
    const all = [...this.#instruments.values()];
    for (const one of all) if (one.kind !== 'histogram') one.observe?.();
    return all;
  }

  #keep<T extends Instrument>(instrument: T): T {
    const { name } = instrument.description;
    if (this.#instruments.has(name)) throw new TypeError(`the instrument ${name} exists already`);
    this.#instruments.set(name, instrument);
    return instrument;
  }
}
