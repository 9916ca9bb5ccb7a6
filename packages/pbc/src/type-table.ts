import type { Registry } from '@skynet/core/kernel';
import type protobuf from 'protobufjs';
import { prepareType } from './codec.ts';
import { shown } from './coerce.ts';
import { pbcError } from './errors.ts';
import { Pattern } from './pattern.ts';
import { Schema } from './schema.ts';
import type { ImportPlaces, Source } from './source.ts';

/** Where definitions stand in the node's registry, numbered from 0. */
const PREFIX = '@skynet/pbc/';

/**
 * The types that one thread knows. What it registers goes into the node's registry as well, and whatever others have
 * put there since is taken over before anything is looked up: so all threads know the same types at all times.
 */
export class TypeTable {
  readonly #registry: Registry | undefined;
  readonly #schema = new Schema();
  /** Types in use, until more is registered: they may have got new fields. */
  readonly #ready = new Map<string, protobuf.Type>();
  readonly #patterns = new Map<string, Pattern>();
  /** The registry as it was last looked at. */
  #version = -1;
  /** How many of its entries are ours already. */
  #taken = 0;

  /** @param registry - the node's; without one the types belong to this table alone. */
  constructor(registry?: Registry) {
    this.#registry = registry;
  }

  /** A message type, made ready. @throws ERR_PBC_TYPE. */
  message(name: string): protobuf.Type {
    this.#catchUp();
    return this.#ready.get(name) ?? this.#makeReady(name);
  }

  findMessage(name: string): protobuf.Type | undefined {
    this.#catchUp();
    return this.#schema.message(name);
  }

  findEnum(name: string): protobuf.Enum | undefined {
    this.#catchUp();
    return this.#schema.enumeration(name);
  }

  /** @throws ERR_PBC_TYPE. */
  enumeration(name: string): protobuf.Enum {
    return this.findEnum(name) ?? refuseType('enum', name);
  }

  get names(): Schema['names'] {
    this.#catchUp();
    return this.#schema.names;
  }

  /** @throws ERR_PBC_PATTERN, ERR_PBC_TYPE, ERR_PBC_FIELD. */
  pattern(text: string): Pattern {
    this.#catchUp();
    let pattern = this.#patterns.get(text);
    if (pattern === undefined) {
      pattern = new Pattern(text, (name) => this.message(name));
      this.#patterns.set(text, pattern);
    }
    return pattern;
  }

  /** @throws what `read` throws, ERR_PBC_SCHEMA, ERR_PBC_CONFLICT. */
  register(read: (isRegistered: ImportPlaces['isRegistered']) => Source[]): void {
    this.#catchUp();
    const sources = read((name) => this.#schema.has(name));
    const registry = this.#registry;
    for (;;) {
      const added = this.#schema.add(sources);
      if (added.length === 0) return;
      this.#ready.clear();
      if (registry === undefined) return;
      if (registry.add(PREFIX + this.#taken, JSON.stringify(added))) {
        this.#taken++;
        return;
      }
      // Another thread was first: its definitions come before ours.
      this.#schema.withdraw(added);
      this.#catchUp();
    }
  }

  /** Takes over what other threads have registered. */
  #catchUp(): void {
    const registry = this.#registry;
    if (registry === undefined || registry.version === this.#version) return;
    this.#version = registry.version;
    for (;;) {
      const entry = registry.get(PREFIX + this.#taken);
      if (entry === undefined) return;
      this.#taken++;
      this.#schema.add(JSON.parse(entry) as Source[]);
      this.#ready.clear();
    }
  }

  #makeReady(name: string): protobuf.Type {
    const type = this.#schema.message(name) ?? refuseType('message type', name);
    prepareType(type);
    this.#ready.set(name, type);
    return type;
  }
}

function refuseType(what: string, name: unknown): never {
  throw pbcError('ERR_PBC_TYPE', `no ${what} ${shown(name)} is registered`, {
    details: { type: typeof name === 'string' ? name : typeof name },
  });
}
