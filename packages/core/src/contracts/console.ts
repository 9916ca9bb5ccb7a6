import type { ConnectionStat } from '../transport/contract.ts';

/** A command for the consoles of the node: the debug console, over HTTP too, and the one at standard input. */
export interface AddedCommand {
  /** The word that a line begins with: letters, digits, `-` and `_`, a letter first. */
  readonly name: string;
  /** What `help` says: the arguments, if any, a colon and what it does. */
  readonly help: string;
  /** Whether it changes nothing: such commands are done for a plain GET. Default false. */
  readonly reads?: boolean;
  /**
   * Does it, as a task of the service that has added it, with the words behind the name. What it returns is printed: text
   * as it is, a line for each key of a table. What it throws is printed as the reason of the failure.
   */
  run(...words: string[]): unknown;
}

/** What a package can add to the consoles. It goes with its service. */
export interface ConsoleDoor {
  /**
   * Adds a command, in whichever thread consoles run. Returns a function that takes it away.
   * @throws ERR_NAME_TAKEN when the consoles, or another service that lives, have a command of that name; ERR_ARGUMENT.
   */
  add(command: AddedCommand): () => void;
  /** What `list` says of the service behind its title; undefined says nothing any more. */
  note(text: string | undefined): void;
  /** Adds sockets that the package keeps itself to `netstat` of this thread. Returns a function that takes them away. */
  addSockets(list: () => readonly ConnectionStat[]): () => void;
}
