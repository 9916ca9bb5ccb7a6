import type { CommandTable } from '../contracts/request.ts';

/** A function of a table of commands. */
export type Command = (...args: never[]) => unknown;

/** Lists of names that are kept: services whose commands are named anew each time must not fill the memory. */
const MAX_KEPT = 4096;

let kept = 0;

/**
 * The names of a table of commands, in their order: one object for all services that have the same, so that it is at hand
 * for a call to any of them.
 */
export class CommandNames {
  static readonly NONE: CommandNames = new CommandNames(undefined, '');

  readonly #before: CommandNames | undefined;
  readonly #last: string;
  readonly #count: number;
  /** Lists with one name more. */
  #longer: Map<string, CommandNames> | undefined;
  #places: Map<unknown, number> | undefined;
  /** What was asked for last, which mostly is what is asked for next. */
  #asked: unknown;
  #found: number | undefined;

  private constructor(before: CommandNames | undefined, last: string) {
    this.#before = before;
    this.#last = last;
    this.#count = before === undefined ? 0 : before.#count + 1;
  }

  /** These names and one behind them. */
  with(name: string): CommandNames {
    let longer = this.#longer?.get(name);
    if (longer === undefined) {
      longer = new CommandNames(this, name);
      if (kept < MAX_KEPT) {
        kept++;
        this.#longer ??= new Map();
        this.#longer.set(name, longer);
      }
    }
    return longer;
  }

  /** Place of a name, from 0; undefined for one that is not among these. */
  placeOf(name: unknown): number | undefined {
    if (name === this.#asked) return this.#found;
    this.#places ??= this.#allPlaces();
    const place = this.#places.get(name);
    // Not what anybody may have made up, however large it is.
    if (place !== undefined) {
      this.#asked = name;
      this.#found = place;
    }
    return place;
  }

  #allPlaces(): Map<unknown, number> {
    const places = new Map<unknown, number>();
    let at: CommandNames = this;
    while (at.#before !== undefined) {
      places.set(at.#last, at.#count - 1);
      at = at.#before;
    }
    return places;
  }
}

/** Commands made ready for look-up: own functions only, nothing inherited can be called from outside. */
export class Commands {
  readonly names: CommandNames;
  /** In the order of their names. */
  readonly functions: readonly Command[];

  constructor(names: CommandNames, functions: readonly Command[]) {
    this.names = names;
    this.functions = functions;
  }

  get(name: unknown): Command | undefined {
    const place = this.names.placeOf(name);
    return place === undefined ? undefined : this.functions[place];
  }
}

/** The commands of a table as it is now. */
export function commandsOf(given: CommandTable): Commands {
  let names = CommandNames.NONE;
  const functions: Command[] = [];
  for (const name of Object.keys(given)) {
    const command = given[name];
    if (typeof command !== 'function') continue;
    names = names.with(name);
    functions.push(command as Command);
  }
  return new Commands(names, functions);
}

/**
 * Who has the commands of one table in fields: the first, and their names. For a service that is called once in a while each
 * object is one more to be fetched from memory, so no table stands between it and its functions.
 */
export interface CommandHolder {
  commandNames: CommandNames | undefined;
  command0: Command | undefined;
  command1: Command | undefined;
  command2: Command | undefined;
  command3: Command | undefined;
  moreCommands: readonly Command[] | undefined;
}

/** Commands that have fields of their own. */
const FIELDS = 4;

/** Gives somebody commands in place of those before, if any. */
export function holdCommands(holder: CommandHolder, commands: Commands | undefined): void {
  const functions = commands?.functions ?? [];
  const count = functions.length;
  holder.commandNames = commands?.names;
  holder.command0 = count > 0 ? functions[0] : undefined;
  holder.command1 = count > 1 ? functions[1] : undefined;
  holder.command2 = count > 2 ? functions[2] : undefined;
  holder.command3 = count > 3 ? functions[3] : undefined;
  holder.moreCommands = count > FIELDS ? functions.slice(FIELDS) : undefined;
}

/** The commands that somebody has. */
export function heldCommands({
  commandNames,
  command0,
  command1,
  command2,
  command3,
  moreCommands = [],
}: CommandHolder): Commands | undefined {
  if (commandNames === undefined) return undefined;
  const fields = [command0, command1, command2, command3].filter((command) => command !== undefined);
  return new Commands(commandNames, [...fields, ...moreCommands]);
}

/** The command of that name that somebody has. */
export function heldCommand(holder: CommandHolder, name: unknown): Command | undefined {
  const place = holder.commandNames?.placeOf(name);
  switch (place) {
    case undefined:
      return undefined;
    case 0:
      return holder.command0;
    case 1:
      return holder.command1;
    case 2:
      return holder.command2;
    case 3:
      return holder.command3;
    default:
      return holder.moreCommands?.[place - FIELDS];
  }
}
