import type { AddedCommand, ConsoleDoor } from '../contracts/console.ts';
import type { ServiceKernel } from '../contracts/kernel.ts';
import type { Registry } from '../contracts/registry.ts';
import { SkynetError } from '../errors.ts';
import { formatHandle, type Handle } from '../handle.ts';
import { printable } from '../log/printable.ts';
import { connectionTable } from '../transport/connection-table.ts';

/** Commands stand in the registry of the node, so that consoles of all threads find them. */
const PREFIX = 'core.console.';

/** A command as consoles find it. */
export interface ListedCommand {
  readonly help: string;
  readonly reads: boolean;
  /** The service that does it. */
  readonly owner: Handle;
}

/** The question of the debug protocol that has a service do its command. */
export function commandQuestion(name: string): string {
  return `CONSOLE ${name}`;
}

/** Commands of this name are the consoles' own. */
export function reserveCommands(registry: Registry, names: readonly string[]): void {
  const own: ListedCommand = { help: '', reads: false, owner: 0 };
  for (const name of names) registry.add(PREFIX + name, JSON.stringify(own));
}

/** The commands that services which live have added, by name. */
export function addedCommands(kernel: ServiceKernel): Map<string, ListedCommand> {
  const found = new Map<string, ListedCommand>();
  for (const [key, value] of kernel.thread.registry.entries()) {
    if (!key.startsWith(PREFIX)) continue;
    const command = JSON.parse(value) as ListedCommand;
    if (command.owner !== 0 && kernel.isAlive(command.owner)) found.set(key.slice(PREFIX.length), command);
  }
  return found;
}

/** What a service adds to the consoles. */
export function createConsoleDoor(kernel: ServiceKernel): ConsoleDoor {
  return {
    add: (command) => addCommand(kernel, command),
    addSockets: (list) => untilEnd(kernel, connectionTable(kernel).contribute(list)),
  };
}

function addCommand(kernel: ServiceKernel, command: AddedCommand): () => void {
  const { name, help, reads = false, run } = checked(command);
  const { registry } = kernel.thread;
  const key = PREFIX + name;
  const value = JSON.stringify({ help, reads, owner: kernel.skynet.self() } satisfies ListedCommand);
  if (!registry.add(key, value)) {
    const { owner } = JSON.parse(registry.get(key) ?? '{}') as Partial<ListedCommand>;
    // Of a service that is gone with its thread it may still stand there.
    const isFree = owner !== undefined && owner !== 0 && !kernel.isAlive(owner);
    if (!isFree || !registry.remove(key) || !registry.add(key, value)) throw taken(name, owner);
  }
  kernel.answerDebug(commandQuestion(name), (...words) => run.call(command, ...words.map(String)));
  return untilEnd(kernel, () => {
    if (registry.get(key) === value) registry.remove(key);
  });
}

/** Undoes something with the service, or before, once. */
function untilEnd(kernel: ServiceKernel, undo: () => void): () => void {
  const forget = kernel.own(undo);
  let isUndone = false;
  return () => {
    if (isUndone) return;
    isUndone = true;
    forget();
    undo();
  };
}

function checked(command: AddedCommand): AddedCommand {
  const { name, help, run } = command ?? {};
  if (typeof name !== 'string' || !/^[a-z][\w-]*$/i.test(name))
    throw new SkynetError('ERR_ARGUMENT', `a command needs a name of one word, not ${printable(name)}`);
  if (typeof help !== 'string' || typeof run !== 'function')
    throw new SkynetError('ERR_ARGUMENT', `the command ${name} needs a text, help, and a function, run`);
  return command;
}

function taken(name: string, owner: Handle | undefined): SkynetError {
  const whose = owner === undefined || owner === 0 ? 'the consoles' : formatHandle(owner);
  return new SkynetError('ERR_NAME_TAKEN', `the console command ${name} is one of ${whose} already`, {
    details: { name, owner: whose },
  });
}
