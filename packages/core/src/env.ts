import type { Registry } from './contracts/registry.ts';
import { SkynetError } from './errors.ts';
import { printable } from './log/printable.ts';

/** The environment of a node (book §3.3): text by key, keys can be added and never changed. */
export class Environment {
  readonly #values: Registry;

  constructor(values: Registry) {
    this.#values = values;
  }

  get(key: string): string | undefined {
    return this.#values.get(key);
  }

  /** @throws ERR_ENV_EXISTS, ERR_ENV_INVALID. */
  set(key: string, value: string | number | boolean): void {
    if (typeof key !== 'string' || key === '' || key.includes(' ')) {
      throw new SkynetError(
        'ERR_ENV_INVALID',
        `not an environment key: ${typeof key === 'string' ? JSON.stringify(key) : printable(key)}`,
      );
    }
    if (!['string', 'number', 'boolean'].includes(typeof value)) {
      throw new SkynetError(
        'ERR_ENV_INVALID',
        `environment value of ${key} must be text, a number or a boolean`,
      );
    }
    if (!this.#values.add(key, String(value))) {
      throw new SkynetError('ERR_ENV_EXISTS', `Can't setenv exist key : ${key}`, { details: { key } });
    }
  }
}
