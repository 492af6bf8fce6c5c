/**
 * Writes texts that a regular expression is likely to match: an aid for finding examples, never a proof. What it cannot
 * read it gives up on, and every text is tried on the real expression afterwards.
 */
export function samplePattern(source: string): string[] {
  const texts = new Set<string>();
  for (const variant of [0, 1, 2]) {
    const sampler = new Sampler(source, variant);
    const text = sampler.read();
    if (text !== undefined) texts.add(text);
  }
  return [...texts];
}

const classes: Readonly<Record<string, string>> = { d: '1', w: 'a', s: ' ', D: 'x', W: '-', S: 'x' };

class Sampler {
  readonly #source: string;
  readonly #variant: number;
  #position = 0;

  constructor(source: string, variant: number) {
    this.#source = source;
    this.#variant = variant;
  }

  read(): string | undefined {
    const text = this.#alternatives();
    return this.#position === this.#source.length ? text : undefined;
  }

  #alternatives(): string {
    const options = [this.#sequence()];
    while (this.#source[this.#position] === '|') {
      this.#position += 1;
      options.push(this.#sequence());
    }
    return options[Math.min(this.#variant, options.length - 1)] ?? '';
  }

  #sequence(): string {
    let text = '';
    while (this.#position < this.#source.length) {
      const character = this.#source[this.#position];
      if (character === '|' || character === ')') break;
      text += this.#repeated(this.#one());
    }
    return text;
  }

  #one(): string {
    const character = this.#source[this.#position] ?? '';
    this.#position += 1;
    if (character === '^' || character === '$') return '';
    if (character === '.') return 'x';
    if (character === '[') return this.#charClass();
    if (character === '\\') {
      const escaped = this.#source[this.#position] ?? '';
      this.#position += 1;
      if (/[AbBzZ]/.test(escaped)) return '';
      return classes[escaped] ?? escaped;
    }
    if (character === '(') {
      const flags = /^\?(?:[a-zA-Z-]*:|P?<\w+>|[a-zA-Z-]+(?=\)))/.exec(this.#source.slice(this.#position));
      this.#position += flags?.[0].length ?? 0;
      const text = this.#alternatives();
      this.#position += 1;
      return text;
    }
    return character;
  }

  #charClass(): string {
    const end = this.#source.indexOf(']', this.#position + 1);
    const body = this.#source.slice(this.#position, end < 0 ? undefined : end);
    this.#position = end < 0 ? this.#source.length + 1 : end + 1;
    if (body.startsWith('^')) return ['x', '1', '-'].find((one) => !body.includes(one)) ?? '~';
    const [first = '', second = ''] = body;
    return first === '\\' ? (classes[second] ?? second) : first;
  }

  #repeated(text: string): string {
    const quantifier = /^(?:[*+?]|\{(\d+)(?:,\d*)?\})\??/.exec(this.#source.slice(this.#position));
    if (quantifier === null) return text;
    this.#position += quantifier[0].length;
    const [written, least] = quantifier;
    if (least !== undefined) return text.repeat(Math.min(Number(least), 64));
    return written.startsWith('+') || this.#variant > 0 ? text : '';
  }
}
