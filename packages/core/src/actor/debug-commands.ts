import { SkynetError } from '../errors.ts';
import { formatHandle, parseHandle } from '../handle.ts';
import { leave } from './leaving.ts';
import { startDump, stopDump } from './message-dump.ts';
import { type ActiveRequest, ANSWER } from './request.ts';
import type { DebugCommands, Service } from './service.ts';
import { killSession, suspendedTasks } from './suspended.ts';
import { ExitSignal } from './task.ts';

/** Milliseconds that requests of the old code may take to end. */
const RELOAD_PATIENCE = 5000;

type Command = (service: Service, request: ActiveRequest, args: unknown[]) => unknown;

/** What every service answers to `debug` messages (`skynet.debug`), whatever its own handlers are. */
const COMMANDS: Readonly<Record<string, Command>> = {
  STAT: (service) => ({ ...service.stat() }),
  MEM: () => process.memoryUsage().heapUsed / 1024,
  THREAD: (service) => {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return { thread: service.host.thread, heap: heapUsed / 1024, buffers: arrayBuffers / 1024 };
  },
  GC: (service) => {
    const before = process.memoryUsage().heapUsed;
    globalThis.gc?.();
    const after = process.memoryUsage().heapUsed;
    service.log(`GC ${(before / 1024).toFixed(2)} Kb -> ${(after / 1024).toFixed(2)} Kb`);
    return undefined;
  },
  TASK: (service) =>
    suspendedTasks(service).map(({ session, waitsFor }) => ({
      session,
      waitsFor: waitsFor === 0 ? 'time or wakeup' : formatHandle(waitsFor),
    })),
  INFO: (service, _request, args) => service.extras.info?.(...args.map(String)),
  EXIT: (service) => {
    leave(service);
    throw new ExitSignal();
  },
  KILLTASK: (service, _request, [session]) => killSession(service, Number(session)),
  PING: () => true,
  RELOAD: (service, _request, [module, patience]) =>
    service.host.reload(
      service.handle,
      module === undefined || module === null ? undefined : String(module),
      Number(patience ?? RELOAD_PATIENCE),
    ),
  MOVE: (service, request, [thread, patience]) =>
    service.host.move(service.handle, request, Number(thread), Number(patience ?? RELOAD_PATIENCE)),
  PIN: (service, _request, [on = true]) => service.host.pin(service.handle, on === true),
  SUPPORT: (service) => [...Object.keys(COMMANDS), ...(service.extras.debug?.keys() ?? [])],
  TERM: (service, _request, [address]) => {
    const handle = parseHandle(String(address));
    for (const pending of service.sessions.all()) {
      if (pending.dest === handle)
        service.abandon(
          pending,
          new SkynetError('ERR_ABORTED', `call failed: given up by term ${String(address)}`),
        );
    }
    return undefined;
  },
  LOGON: (service, _request, [folder]) => startDump(service, String(folder)),
  LOGOFF: (service) => stopDump(service),
  LINK: (service, request) => {
    request.state = ANSWER.DETACHED;
    service.keepUntilEnd(request);
  },
};

/** Answers `debug` messages: the commands of the original's debug protocol. */
export const answerDebug: DebugCommands = (service, request, [name, ...args]) => {
  const command = Object.hasOwn(COMMANDS, String(name)) ? COMMANDS[String(name)] : undefined;
  if (command !== undefined) return command(service, request, args);
  const own = service.extras.debug?.get(String(name));
  if (own === undefined)
    throw new SkynetError('ERR_UNKNOWN_COMMAND', `Unknown debug command ${String(name)}`);
  return own(...args);
};
