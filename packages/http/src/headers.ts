/** Header fields of a message as they came: names in lower case, values one character a byte, in the order of arrival. */
export class Headers {
  readonly #raw: readonly string[];

  /** @param raw names and values in turn. */
  constructor(raw: readonly string[]) {
    this.#raw = raw;
  }

  /** The value of a field, those of a repeated one joined by `, `; undefined without it. */
  get(name: string): string | undefined {
    const raw = this.#raw;
    const wanted = name.toLowerCase();
    let found: string | undefined;
    for (let i = 0; i < raw.length; i += 2)
      if (raw[i] === wanted) found = found === undefined ? raw[i + 1] : `${found}, ${raw[i + 1]}`;
    return found;
  }

  /** All values of a field. */
  all(name: string): string[] {
    const wanted = name.toLowerCase();
    return [...this].filter(([key]) => key === wanted).map(([, value]) => value);
  }

  /** Whether a field is there, whatever its letters. */
  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Number of fields, repeated ones counted each. */
  get size(): number {
    return this.#raw.length / 2;
  }

  /** All fields in the order of coming, repeated ones each. */
  *[Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    const raw = this.#raw;
    for (let i = 0; i < raw.length; i += 2) yield [raw[i] as string, raw[i + 1] as string];
  }

  /** As an object without prototype: the value, or a list for a repeated field, as the original's tables. */
  toTable(): HeaderTable {
    const table = Object.create(null) as HeaderTable;
    for (const [name, value] of this) {
      const before = table[name];
      if (before === undefined) table[name] = value;
      else if (typeof before === 'string') table[name] = [before, value];
      else before.push(value);
    }
    return table;
  }
}

/** Header fields by name in lower case: a value, or the values of a repeated field. */
export interface HeaderTable {
  [name: string]: string | string[];
}
