import type { AddedCommand, ConsoleDoor } from '../contracts/console.ts';
import type { ServiceKernel } from '../contracts/kernel.ts';
import type { Registry } from '../contracts/registry.ts';
import { SkynetError } from '../errors.ts';
import { formatHandle, type Handle } from '../handle.ts';
import { printable } from '../log/printable.ts';
import { connectionTable } from '../transport/connection-table.ts';

/** Commands stand in the registry of the node, so that consoles of all threads find them. */
const PREFIX = 'core.console.';
/** So do notes, by handle. */
const NOTE = 'core.note.';

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

/** What lists say of services besides their titles, of those that live. */
export function notesOf(kernel: ServiceKernel): [Handle, string][] {
  return [...kernel.thread.registry.entries()].flatMap(([key, note]): [Handle, string][] => {
    const handle = key.startsWith(NOTE) ? Number(key.slice(NOTE.length)) : 0;
    return handle !== 0 && kernel.isAlive(handle) ? [[handle, note]] : [];
  });
}

/** What a service adds to the consoles. */
export function createConsoleDoor(kernel: ServiceKernel): ConsoleDoor {
  let isNoted = false;
  const own = new Set<string>();
  return {
    add: (command) => addCommand(kernel, command, own),
    note: (text) => {
      if (!isNoted) kernel.own(() => dropNote(kernel));
      isNoted = true;
      setNote(kernel, text);
    },
    addSockets: (list) => untilEnd(kernel, connectionTable(kernel).contribute(list)),
  };
}

function addCommand(kernel: ServiceKernel, command: AddedCommand, own: Set<string>): () => void {
  const { name, help, reads = false, run } = checked(command);
  const { registry } = kernel.thread;
  const key = PREFIX + name;
  const value = JSON.stringify({ help, reads, owner: kernel.skynet.self() } satisfies ListedCommand);
  // New code of the service, or the service in another thread, adds it once more.
  const isAnew = registry.get(key) === value && !own.has(name);
  if (!isAnew && !registry.add(key, value)) {
    const { owner } = JSON.parse(registry.get(key) ?? '{}') as Partial<ListedCommand>;
    // Of a service that is gone with its thread it may still stand there.
    const isFree = owner !== undefined && owner !== 0 && !kernel.isAlive(owner);
    if (!isFree || !registry.remove(key) || !registry.add(key, value)) throw taken(name, owner);
  }
  kernel.answerDebug(commandQuestion(name), (...words) => run.call(command, ...words.map(String)));
  own.add(name);
  const remove = (): void => {
    own.delete(name);
    if (registry.get(key) === value) registry.remove(key);
  };
  const forget = kernel.own(() => {
    // It may be that it only goes on in another thread.
    if (!kernel.isAlive(kernel.skynet.self())) remove();
  });
  let isUndone = false;
  return () => {
    if (isUndone) return;
    isUndone = true;
    forget();
    remove();
  };
}

function setNote(kernel: ServiceKernel, text: string | undefined): void {
  const { registry } = kernel.thread;
  const key = NOTE + kernel.skynet.self();
  registry.remove(key);
  if (text !== undefined) registry.add(key, text);
}

/** With its service, unless that only goes on in another thread. */
function dropNote(kernel: ServiceKernel): void {
  const handle = kernel.skynet.self();
  if (!kernel.isAlive(handle)) kernel.thread.registry.remove(NOTE + handle);
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
