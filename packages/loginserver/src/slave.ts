import { type Handle, printable, type Skynet, SkynetError } from '@skynet/core';
import { type Challenge, ClassicHandshake, createChallenge, type Handshake, type Step } from './handshake.ts';
import { MODERN_GREETING, type ModernSuite } from './modern.ts';
import type { Authenticated, LoginServerOptions } from './options.ts';
import { type FailureStatus, STATUS } from './status.ts';
import { messageOf, traceOf } from './trace.ts';

/** What a slave answers to lines of a client. */
export type SlaveAnswer = {
  /** Lines for the client, with line breaks between them; '' for none. */
  readonly say: string;
} & (
  | { readonly more: true }
  /** The end of the client's part, badly or well. The status line has to be sealed; otherwise the client is forgotten. */
  | {
      readonly status: FailureStatus;
      readonly reason: string;
      /** Where the handler threw. */
      readonly trace?: string;
      readonly sealed: boolean;
    }
  | {
      readonly server: string;
      readonly uid: Authenticated['uid'];
      readonly secret: Uint8Array;
      readonly sealed: boolean;
    }
);

/** What the master asks of a slave. */
export type SlaveCommands = {
  /** A client has come: the line to greet it with. */
  open(fd: number, address: string): string;
  /** The client's next lines; those behind its last one are not looked at. */
  lines(fd: number, texts: readonly string[]): Promise<SlaveAnswer>;
  /** The status line as it has to go over the wire; the client is forgotten. */
  seal(fd: number, status: string): string;
  /** The client has gone, or was cut off. */
  drop(fd: number): void;
};

const decoder = new TextDecoder();

/** A client that a slave is talking with. */
interface Guest {
  readonly challenge: Challenge;
  handshake: Handshake | undefined;
}

/** What an authHandler returned. @throws ERR_ARGUMENT if that says nothing. */
function checked(found: Authenticated): Authenticated {
  const { server, uid } = found ?? {};
  if (typeof server !== 'string' || (typeof uid !== 'string' && typeof uid !== 'number'))
    throw new SkynetError('ERR_ARGUMENT', 'authHandler must return { server, uid }, or throw');
  return { server, uid };
}

/** Makes the service a slave: it talks with clients through the master, and checks their tokens. */
export function startSlave(
  skynet: Skynet,
  handlers: Pick<LoginServerOptions, 'authHandler'>,
  classic: boolean,
  modern: ModernSuite | undefined,
  master: Handle,
): void {
  const guests = new Map<number, Guest>();

  const handshakeFor = (guest: Guest, line: string): Handshake | undefined => {
    if (line.startsWith(`${MODERN_GREETING} `)) return modern?.start(guest.challenge.line);
    return classic ? new ClassicHandshake(guest.challenge.bytes) : undefined;
  };

  const stepOf = (guest: Guest, line: string): Step => {
    guest.handshake ??= handshakeFor(guest, line);
    return guest.handshake?.take(line) ?? { status: STATUS.badRequest, reason: 'handshake refused' };
  };

  const authenticate = async (
    token: Uint8Array,
  ): Promise<Authenticated | { status: FailureStatus; reason: string; trace: string }> => {
    try {
      return checked(await handlers.authHandler(decoder.decode(token), token));
    } catch (error) {
      const trace = traceOf('authHandler', error);
      return { status: STATUS.unauthorized, reason: messageOf(error), trace };
    }
  };

  const commands: SlaveCommands = {
    open(fd, address) {
      skynet.error(`connect from ${printable(address)} (fd = ${fd})`);
      const challenge = createChallenge();
      guests.set(fd, { challenge, handshake: undefined });
      return challenge.line;
    },
    async lines(fd, texts) {
      const guest = guests.get(fd);
      if (guest === undefined)
        return { say: '', status: STATUS.badRequest, reason: 'unknown client', sealed: false };
      let say = '';
      for (const text of texts) {
        const step = stepOf(guest, text);
        if ('say' in step) {
          if (step.say !== '') say += say === '' ? step.say : `\n${step.say}`;
          continue;
        }
        const sealed = guest.handshake?.seal !== undefined;
        if (!sealed) guests.delete(fd);
        if ('status' in step) return { say, ...step, sealed };
        const result = await authenticate(step.token);
        if ('status' in result) return { say, ...result, sealed };
        return { say, server: result.server, uid: result.uid, secret: step.secret, sealed };
      }
      return { say, more: true };
    },
    seal(fd, status) {
      const guest = guests.get(fd);
      guests.delete(fd);
      return guest?.handshake?.seal?.(status) ?? status;
    },
    drop(fd) {
      if (guests.delete(fd)) skynet.error(`auth failed: socket (fd = ${fd}) closed`);
    },
  };
  skynet.dispatch('lua', commands);

  // Nobody would ever call this slave again.
  skynet.watch(master, () => skynet.exit());
}
