import { statSync } from 'node:fs';
import path from 'node:path';
import type { PlacementMode } from '../contracts/placement.ts';
import type { Network } from '../contracts/remote.ts';
import { SkynetError } from '../errors.ts';
import type { LogWords } from '../log/plain-words.ts';
import { printable } from '../log/printable.ts';
import { OptionReader } from '../options.ts';
import { isSecret } from '../secret.ts';
import type { Transport } from '../transport/contract.ts';
import { parseAddress } from '../transport/transports.ts';

/** The original's keys of a network. */
export interface HarborKeys {
  readonly id: number;
  readonly address: string;
  readonly master: string;
  /** Where this node's master listens, if it is the one that has it. */
  readonly standalone?: string;
}

/** Most characters of a value that an error shows. */
const MAX_SHOWN = 200;

/** A value as an error shows it; what it is, where it is a secret or cannot be shown. */
function shown(key: string, value: unknown): string {
  if (isSecret(key) && value !== '') return `such a ${typeof value}`;
  try {
    const isQuoted = typeof value === 'string' || (typeof value === 'object' && value !== null);
    return onOneLine(isQuoted ? JSON.stringify(value) : String(value));
  } catch {
    return 'such an object';
  }
}

/** Text as an error shows it. Its backslashes are clear already. */
function onOneLine(text: string): string {
  return printable(text, MAX_SHOWN).replaceAll('\\\\', '\\');
}

/** Reads keys, each as what it must be. */
export class Keys extends OptionReader<Record<string, unknown>> {
  readonly #config: Readonly<Record<string, unknown>>;
  readonly #from: string;

  constructor(config: Readonly<Record<string, unknown>>, from: string) {
    super('configuration key', config);
    this.#config = config;
    this.#from = from;
  }

  /** As it was given: null is none of the values that keys can have. */
  override value(key: string): unknown {
    return this.#config[key];
  }

  override wrong(key: string, wanted: string, value: unknown = this.#config[key]): never {
    const name = /^[\w.-]+$/.test(key) ? key : onOneLine(JSON.stringify(key));
    throw new SkynetError(
      'ERR_CONFIG',
      `${this.#from}: ${name} must be ${wanted}, not ${shown(key, value)}`,
      {
        details: { key },
      },
    );
  }

  positive(key: string): number {
    const value = this.#config[key];
    return Number.isFinite(value) && (value as number) > 0
      ? (value as number)
      : this.wrong(key, 'a number above 0');
  }

  path(key: string, base: string): string | undefined {
    const value = this.text(key, undefined);
    return value === undefined ? undefined : path.resolve(base, value);
  }

  /** A folder that exists. */
  folder(key: string, base: string): string | undefined {
    const location = this.path(key, base);
    return location === undefined || isFolder(location) ? location : this.wrong(key, 'a folder that exists');
  }

  /** An address to connect to or listen on, if it is there. */
  endpoint(key: string): void {
    const value = this.text(key, undefined);
    try {
      if (value !== undefined) parseAddress(value);
    } catch {
      this.wrong(key, 'an address such as "127.0.0.1:2013"');
    }
  }

  /** The network that the original's keys name, if they name one. */
  harborNetwork(): HarborKeys | undefined {
    const { harbor, network, standalone } = this.#config;
    const master = this.#config.master ?? standalone;
    if (network !== undefined || harbor === 0 || master === undefined) return undefined;
    return {
      id: harbor as number,
      address: this.text('address', undefined) ?? this.wrong('address', 'text that is not empty'),
      master: master as string,
      ...(standalone === undefined ? {} : { standalone: standalone as string }),
    };
  }

  network(key: string): Network | undefined {
    const value = this.#config[key];
    if (value === undefined || isNetwork(value)) return value;
    return this.wrong(key, 'a network, such as harbor({ id: 1, … })');
  }

  logWords(key: string, otherwise: LogWords): LogWords {
    const value = this.#config[key] ?? otherwise;
    return value === 'skynet' || value === 'plain' ? value : this.wrong(key, '"skynet" or "plain"');
  }

  placement(key: string): PlacementMode {
    const value = this.#config[key];
    return value === 'same' || value === 'auto' ? value : this.wrong(key, '"same" or "auto"');
  }

  /** Start arguments are single words. */
  words(key: string): readonly string[] {
    const list = this.texts(key, 'a list of texts', 0) ?? [];
    const spaced = list.find((word) => /\s/.test(word));
    return spaced === undefined ? list : this.wrong(key, 'a list of single words', spaced);
  }

  patterns(key: string): readonly string[] {
    const list = this.texts(key, 'a list of texts', 0) ?? [];
    if (list.length === 0) this.wrong(key, 'a list of at least one path');
    const plain = list.find((pattern) => !pattern.includes('?'));
    return plain === undefined
      ? list
      : this.wrong(key, 'a list of paths with ? in the place of the name', plain);
  }

  transports(key: string): readonly Transport[] {
    const value = this.#config[key];
    return Array.isArray(value) && value.every(isTransport)
      ? value
      : this.wrong(key, 'a list of transports, such as [tcp()]');
  }
}

function isNetwork(value: unknown): value is Network {
  if (typeof value !== 'object' || value === null) return false;
  const { join, harbor } = value as Partial<Network>;
  return typeof join === 'function' && typeof harbor === 'number';
}

function isFolder(location: string): boolean {
  try {
    return statSync(location).isDirectory();
  } catch {
    // It is not there, or not for us.
    return false;
  }
}

function isTransport(value: unknown): value is Transport {
  if (typeof value !== 'object' || value === null) return false;
  const { schemes, connect, listen } = value as Partial<Transport>;
  return Array.isArray(schemes) && typeof connect === 'function' && typeof listen === 'function';
}
