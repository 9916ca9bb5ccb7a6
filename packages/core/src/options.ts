/** For authors of packages: reads the options that a function was given, and refuses what it does not know. */
import { type Duration, toMilliseconds } from './duration.ts';
import { SkynetError } from './errors.ts';
import { nearest } from './nearest.ts';

export { nearest };

/** What is thrown for an option that cannot be used: `details.key` names it, `details.meant` what was probably meant. */
export type OptionError = (
  message: string,
  details: { readonly key: string; readonly meant?: string },
) => Error;

/** The part of TLS that clients of servers have options for. */
export interface TlsOptions {
  /** Certificates to trust, in place of Node's. */
  readonly ca?: string | Uint8Array;
  /** The client's own certificate. */
  readonly cert?: string | Uint8Array;
  /** Its key. */
  readonly key?: string | Uint8Array;
  /** Whether a server that cannot prove itself is refused. Default true. */
  readonly rejectUnauthorized?: boolean;
}

/** The longest that a timer of Node waits, in milliseconds: 24 days. */
const MAX_TIMER = 0x7fff_ffff;

type Key<Given> = keyof Given & string;

const argumentError: OptionError = (message, details) =>
  new SkynetError('ERR_ARGUMENT', message, { details });

/** A value as an error shows it. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? 'a list' : 'an object';
}

/**
 * Options by key, each as what it must be. What is undefined or null counts as not given. Used through
 * {@link readPlainOptions}, which sees to keys that nobody has asked for.
 */
export class PlainOptionReader<Given extends object> {
  readonly #title: string;
  readonly #given: Readonly<Record<string, unknown>>;
  readonly #error: OptionError;
  /** In front of keys: `limits.` in a group. */
  readonly #path: string;
  readonly #known = new Set<string>();
  readonly #groups: { refuseUnknown(): void }[] = [];
  #others = false;

  /** Use {@link readPlainOptions}. */
  constructor(title: string, given: unknown, error: OptionError = argumentError, path = '') {
    this.#title = title;
    this.#error = error;
    this.#path = path;
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      const what = path === '' ? `${title}s` : `${title} ${path.slice(0, -1)}`;
      // Not what it is: a secret may have been put in the place of its group.
      const type = Array.isArray(given) ? 'a list' : given === null ? 'null' : typeof given;
      throw error(`${what} must be an object, not ${type}`, { key: path.slice(0, -1) });
    }
    this.#given = given as Readonly<Record<string, unknown>>;
  }

  /** An option as it was given; undefined if it was not. It may be a method of a class. */
  value(key: Key<Given>): unknown {
    this.#known.add(key);
    return this.#given[key] ?? undefined;
  }

  /** Refuses an option. @throws always. */
  wrong(key: Key<Given>, wanted: string, value: unknown = this.value(key)): never {
    if (value === undefined) {
      // Misspelt, perhaps.
      const slip = nearest(key, this.#unknown());
      if (slip !== undefined) this.#refuse(slip, key);
    }
    const path = this.#path + key;
    throw this.#error(
      `${this.#title} ${path} must be ${wanted}${value === undefined ? '' : `, not ${shown(value)}`}`,
      { key: path },
    );
  }

  /** Refuses an option without a word of what was given: it may be a secret. */
  protected hidden(key: string, wanted: string): never {
    const path = this.#path + key;
    throw this.#error(`${this.#title} ${path} must be ${wanted}`, { key: path });
  }

  /** A whole number. */
  whole<Fallback>(key: Key<Given>, min: number, max: number, fallback: Fallback): number | Fallback {
    const value = this.value(key);
    if (value === undefined) return fallback;
    return Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? (value as number)
      : this.wrong(
          key,
          max === Number.MAX_SAFE_INTEGER || max === 0x7fff_ffff
            ? `a whole number from ${min} on`
            : `a whole number from ${min} to ${max}`,
        );
  }

  /** True or false. */
  flag<Fallback>(key: Key<Given>, fallback: Fallback): boolean | Fallback {
    const value = this.value(key);
    if (value === undefined) return fallback;
    return typeof value === 'boolean' ? value : this.wrong(key, 'true or false');
  }

  /** Text that is not empty. */
  text<Fallback>(key: Key<Given>, fallback: Fallback, wanted = 'text that is not empty'): string | Fallback {
    const value = this.value(key);
    if (value === undefined) return fallback;
    return typeof value === 'string' && value !== '' ? value : this.wrong(key, wanted);
  }

  /** Refuses an option that is there and no function. */
  callable(key: Key<Given>, required: boolean): void {
    const value = this.value(key);
    if (typeof value === 'function' || (value === undefined && !required)) return;
    this.wrong(key, 'a function');
  }

  /** Options inside an option; none if it was not given. */
  group<Name extends Key<Given>>(key: Name): PlainOptionReader<NonNullable<Given[Name]> & object> {
    return this.inside(PlainOptionReader<NonNullable<Given[Name]> & object>, key);
  }

  /** A reader for what stands under a key. */
  protected inside<Reader extends { refuseUnknown(): void }>(
    Class: new (title: string, given: unknown, error: OptionError, path: string) => Reader,
    key: Key<Given>,
  ): Reader {
    const group = new Class(this.#title, this.value(key) ?? {}, this.#error, `${this.#path}${key}.`);
    this.#groups.push(group);
    return group;
  }

  /** Refuses keys that nobody has asked for. @throws for the first of them. */
  refuseUnknown(): void {
    for (const key of this.#unknown()) {
      const meant = nearest(key, this.#known);
      if (meant !== undefined || !this.#others) this.#refuse(key, meant);
    }
    for (const group of this.#groups) group.refuseUnknown();
  }

  /** Somebody has asked for that key. */
  protected known(key: string): void {
    this.#known.add(key);
  }

  /** Any key may be there that is not misspelt. */
  protected takeOthers(): void {
    this.#others = true;
  }

  #unknown(): string[] {
    return Object.keys(this.#given).filter(
      (key) => !this.#known.has(key) && this.#given[key] !== undefined && this.#given[key] !== null,
    );
  }

  #refuse(key: string, meant: string | undefined): never {
    const path = this.#path;
    const hint =
      meant === undefined
        ? `; there are: ${[...this.#known].join(', ')}`
        : `, perhaps ${path}${meant} is meant`;
    throw this.#error(
      `unknown ${this.#title} ${shown(path + key)}${hint}`,
      meant === undefined ? { key: path + key } : { key: path + key, meant: path + meant },
    );
  }
}

/** The same with what servers are told besides. Used through {@link readOptions}. */
export class OptionReader<Given extends object> extends PlainOptionReader<Given> {
  /** One of some values. */
  oneOf<const Value extends string | number>(
    key: Key<Given>,
    allowed: readonly Value[],
    fallback: NoInfer<Value>,
  ): Value {
    const value = this.value(key);
    if (value === undefined) return fallback;
    return allowed.includes(value as Value)
      ? (value as Value)
      : this.wrong(key, `one of ${allowed.join(', ')}`);
  }

  /** A time, in milliseconds. */
  duration<Fallback>(key: Key<Given>, fallback: Fallback): number | Fallback {
    const value = this.value(key);
    if (value === undefined) return fallback;
    try {
      const milliseconds = toMilliseconds(value as Duration);
      if (milliseconds >= 0) return milliseconds;
    } catch {
      // Told below.
    }
    return this.wrong(key, 'a duration such as "5s", or hundredths of a second from 0');
  }

  /** A time for one timer of Node, in milliseconds: {@link duration}, but 24 days at most. */
  timer<Fallback>(key: Key<Given>, fallback: Fallback): number | Fallback {
    const milliseconds = this.duration(key, fallback);
    return typeof milliseconds === 'number' && milliseconds > MAX_TIMER
      ? this.wrong(key, 'at most 24 days')
      : milliseconds;
  }

  /** Text that no error shows, as a password. It may be empty. */
  secret(key: Key<Given>): string | undefined {
    const value = this.value(key);
    if (value === undefined || typeof value === 'string') return value;
    return this.hidden(key, 'text');
  }

  /** Whether to encrypt a connection, and how: true, false, or {@link TlsOptions}. */
  tls(key: Key<Given>): TlsOptions | undefined {
    const tls = this.value(key);
    if (tls === undefined || typeof tls === 'boolean') return tls === true ? {} : undefined;
    const group = this.inside(OptionReader<TlsOptions>, key);
    return {
      ...group.#pem('ca'),
      ...group.#pem('cert'),
      ...group.#pem('key'),
      rejectUnauthorized: group.flag('rejectUnauthorized', true),
    };
  }

  #pem(key: 'ca' | 'cert' | 'key'): TlsOptions {
    const value = this.value(key as Key<Given>);
    if (value === undefined) return {};
    if (typeof value === 'string' || value instanceof Uint8Array) return { [key]: value };
    return this.hidden(key, 'a certificate or key, as text or bytes');
  }

  /** A list of such texts, so many at least. */
  texts(
    key: Key<Given>,
    wanted: string = 'a list of texts',
    least: number = 1,
  ): readonly string[] | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    const isList = Array.isArray(value) && value.every((entry) => typeof entry === 'string' && entry !== '');
    return isList && value.length >= least ? (value as string[]) : this.wrong(key, wanted);
  }

  override group<Name extends Key<Given>>(key: Name): OptionReader<NonNullable<Given[Name]> & object> {
    return this.inside(OptionReader<NonNullable<Given[Name]> & object>, key);
  }

  /** Keys that others read. */
  allow(keys: Iterable<string>): void {
    for (const key of keys) this.known(key);
  }

  /** Any key may be there that does not look like one of these misspelt. */
  allowOthers(): void {
    this.takeOthers();
  }
}

/**
 * Reads options: `read` asks for each key that there is, and returns what it makes of them. Keys that are there and were
 * not asked for are refused, with the nearest that was.
 *
 * @param title What errors call an option: `gate option`.
 * @throws ERR_ARGUMENT, or what `error` makes; `details.key` names the option.
 */
export function readOptions<Given extends object, Result>(
  title: string,
  given: Given,
  read: (options: OptionReader<Given>) => Result,
  error?: OptionError,
): Result {
  const options = new OptionReader<Given>(title, given, error);
  const result = read(options);
  options.refuseUnknown();
  return result;
}

/**
 * As {@link readOptions}, for clients: what a reader of these cannot do a page need not load.
 * @throws what `error` makes.
 */
export function readPlainOptions<Given extends object, Result>(
  title: string,
  given: Given,
  read: (options: PlainOptionReader<Given>) => Result,
  error: OptionError,
): Result {
  const options = new PlainOptionReader<Given>(title, given, error);
  const result = read(options);
  options.refuseUnknown();
  return result;
}
