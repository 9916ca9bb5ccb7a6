import type { CommandTable, Dispatcher, Request } from '../contracts/request.ts';
import { SkynetError } from '../errors.ts';
import { printable } from '../log/printable.ts';
import { MAX_TYPE, type Protocol, PTYPE } from '../protocol.ts';
import { type Commands, commandsOf } from './commands.ts';

/** Who handles a type, as given (for `dispatch` to return) and ready for use. */
export interface Handler {
  readonly given: Dispatcher | CommandTable;
  readonly call: Dispatcher | undefined;
  readonly commands: Commands | undefined;
}

/** Makes a handler from what a user gave. @throws ERR_ARGUMENT. */
export function makeHandler(given: Dispatcher | CommandTable): Handler {
  if (typeof given === 'function') return { given, call: given, commands: undefined };
  if (typeof given !== 'object' || given === null) {
    throw new SkynetError(
      'ERR_ARGUMENT',
      `dispatch needs a function or a table of commands, not ${printable(given)}`,
    );
  }
  return { given, call: undefined, commands: commandsOf(given) };
}

/** Reads a map from numbers of types to numbers of types. @throws ERR_ARGUMENT. */
export function readForwards(map: Readonly<Record<number, number>>): Record<number, number> {
  if (typeof map !== 'object' || map === null)
    throw new SkynetError('ERR_ARGUMENT', `types are forwarded by an object, not ${printable(map)}`);
  for (const [from, to] of Object.entries(map))
    if (!isType(Number(from)) || !isType(to))
      throw new SkynetError(
        'ERR_ARGUMENT',
        `types are forwarded by their numbers, 0 to ${MAX_TYPE}: ${printable(from)}, ${printable(to)}`,
      );
  return { ...map };
}

const isType = (type: unknown): boolean =>
  Number.isInteger(type) && (type as number) >= 0 && (type as number) <= MAX_TYPE;

/** The protocols of a service: the shared ones until it adds its own. */
export class ProtocolTable {
  readonly #byName: Map<string, Protocol>;
  // By index: it is read for every message.
  readonly #byId: (Protocol | undefined)[];

  constructor(protocols: Iterable<Protocol>) {
    this.#byName = new Map();
    this.#byId = [];
    for (const protocol of protocols) this.add(protocol);
  }

  /** @throws ERR_PROTOCOL for a bad name or id, ERR_PROTOCOL_EXISTS. */
  add(protocol: Protocol): void {
    const { name, id } = protocol;
    if (typeof name !== 'string' || name === '' || !Number.isInteger(id) || id < 0 || id > MAX_TYPE) {
      throw new SkynetError(
        'ERR_PROTOCOL',
        `a protocol needs a name and an id from 0 to ${MAX_TYPE}: ${printable(name)}, ${printable(id)}`,
      );
    }
    if (this.#byName.has(name) || this.#byId[id] !== undefined) {
      throw new SkynetError('ERR_PROTOCOL_EXISTS', `protocol ${name} (${id}) exists already`);
    }
    this.#byName.set(name, protocol);
    this.#byId[id] = protocol;
  }

  /** A copy that can be added to. */
  copy(): ProtocolTable {
    return new ProtocolTable(this.#byName.values());
  }

  /** @throws ERR_PROTOCOL when nobody registered the type. */
  named(name: string): Protocol {
    const protocol = this.#byName.get(name);
    if (protocol === undefined)
      throw new SkynetError('ERR_PROTOCOL', `unknown message type ${printable(name)}`, {
        details: { type: name },
      });
    return protocol;
  }

  numbered(id: number): Protocol | undefined {
    return this.#byId[id];
  }

  /** Name of a type for log lines. */
  nameOf(id: number): string {
    return (
      this.#byId[id]?.name ??
      Object.entries(PTYPE)
        .find(([, value]) => value === id)?.[0]
        .toLowerCase() ??
      String(id)
    );
  }
}

/** Calls a dispatcher; a spread costs more than the call. */
export function callHandler(call: Dispatcher, request: Request, values: unknown[]): unknown {
  switch (values.length) {
    case 0:
      return call(request);
    case 1:
      return call(request, values[0] as never);
    case 2:
      return call(request, values[0] as never, values[1] as never);
    default:
      return call(request, ...(values as never[]));
  }
}
