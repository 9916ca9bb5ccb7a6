import {
  type Body,
  isSkynetError,
  type PlacedService,
  type Request,
  type Skynet,
  SkynetError,
} from '@skynet/core';

import type { ServiceKernel } from '@skynet/core/kernel';
import { nearest } from '@skynet/core/options';
import { bodyOfPush, bodyOfRefusal, tooLarge } from './body.ts';
import { objection } from './cbor-scan.ts';
import type {
  PlayerCommands,
  PlayerStart,
  PushArguments,
  Pushed,
  PushTable,
  RequestTable,
  ResolvedPlayer,
} from './contract.ts';
import { playerError, REFUSALS } from './errors.ts';
import { Rate } from './rate.ts';
import { type DeclaredRequest, describeInput, runRequest } from './request.ts';
import type { JoinArguments, Seat } from './rooms/contract.ts';
import { Seats } from './rooms/seat.ts';
import { DESCRIBE, decodeBody, encodeAnswer, encodeRefusal, type KickReason, MAX_BODY } from './wire.ts';

/** Why a player's service ends: what its client is told, or that the server closes. */
export type EndOfPlayer = KickReason | 'closing';

/** A player, as its own service sees it. */
export interface Player<Pushes = PushTable, Code extends string = string> {
  /** Who it is: what the login server's `authHandler` has returned. */
  readonly uid: string;
  /** Whether the client has a connection now. */
  readonly online: boolean;
  /** Rooms it is in. */
  readonly seats: readonly Seat[];
  /**
   * Sends something to the client that is no answer. It comes once and in order, also over lost connections; a client
   * that stays away too long, or logs in anew, misses it.
   * @throws ERR_PLAYER_TOO_LARGE above 65530 bytes, ERR_ARGUMENT for a name that was not declared.
   */
  push<Name extends keyof Pushes & string>(name: Name, ...value: PushArguments<Pushed<Pushes, Name>>): void;
  /**
   * An error for the client, to be thrown: the code is one that the player has declared. Details are a plain value.
   * @throws ERR_ARGUMENT for a code that was not declared.
   */
  refuse(code: Code, message?: string, details?: Readonly<Record<string, unknown>>): SkynetError;
  /**
   * Takes a seat in a room: the service `room` on the search path, made by `defineRoom`, one for each `name` and node.
   * It is started if there is none. Who is in it already keeps that seat. What the room broadcasts goes to the client.
   * `join<typeof import('./room.ts')>('room', 'lobby')`, or `{ name: 'room', thread: 'spread' }` in the first place.
   * @throws ERR_ROOM_FULL, ERR_ROOM_CLOSED, what the room's `join` throws, and what `newService` throws.
   */
  join<Of = unknown>(
    room: string | PlacedService,
    name: string,
    ...input: JoinArguments<Of>
  ): Promise<Seat<Of>>;
  /** Ends the login, which the client is told, and this service. */
  kick(text?: string): void;
  /** The same because the player wants it. */
  logout(): void;
  /** Calls `work` when the player has logged in once more: the client knows nothing of what was before. */
  onLogin(work: () => unknown): void;
  /** Calls `work` when a connection is there, and when there is none any more. */
  onOnline(work: (online: boolean) => unknown): void;
  /** Calls `work` when the player ends; what it promises is waited for, also by the player's next login. */
  onEnd(work: (reason: EndOfPlayer) => unknown): void;
}

function isPromise(value: unknown): value is Promise<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

/** The player of a service: works on what its client asks, and hands on what is for the client. */
export class PlayerOfService implements Player {
  readonly uid: string;
  readonly #skynet: Skynet;
  readonly #kernel: ServiceKernel;
  readonly #gate: number;
  readonly #options: ResolvedPlayer;
  readonly #rate: Rate;
  readonly #seats: Seats;
  readonly #login: (() => unknown)[] = [];
  readonly #changed: ((online: boolean) => unknown)[] = [];
  readonly #ends: ((reason: EndOfPlayer) => unknown)[] = [];
  #requests: ReadonlyMap<string, DeclaredRequest> = new Map();
  #username: string;
  #online = false;
  #isOver = false;

  constructor(skynet: Skynet, kernel: ServiceKernel, start: PlayerStart, options: ResolvedPlayer) {
    this.uid = start.uid;
    this.#skynet = skynet;
    this.#kernel = kernel;
    this.#gate = start.gate;
    this.#username = start.username;
    this.#options = options;
    this.#rate = new Rate(options.rate, options.burst, kernel.thread.clock());
    this.#seats = new Seats(skynet, start.uid, (body) => this.#send(body));
    skynet.onExit(() => this.#stop());
  }

  // --- for the application

  get online(): boolean {
    return this.#online;
  }

  get seats(): readonly Seat[] {
    return this.#seats.all;
  }

  push(name: string, ...[value]: readonly unknown[]): void {
    if (!Object.hasOwn(this.#options.pushes, name))
      throw playerError('ERR_ARGUMENT', `no push ${JSON.stringify(name)} was declared`, {
        details: { key: name },
      });
    this.#send(bodyOfPush(name, value));
  }

  refuse(code: string, message: string = code, details?: Readonly<Record<string, unknown>>): SkynetError {
    if (!this.#options.errors.has(code))
      throw playerError('ERR_ARGUMENT', `the code ${JSON.stringify(code)} is not among the player's errors`, {
        details: { key: 'code' },
      });
    return new SkynetError<string>(code, message, details === undefined ? {} : { details });
  }

  join<Of = unknown>(
    room: string | PlacedService,
    name: string,
    ...input: JoinArguments<Of>
  ): Promise<Seat<Of>> {
    return this.#seats.join(room, name, input[0]) as Promise<unknown> as Promise<Seat<Of>>;
  }

  kick(text = 'you have been thrown out'): void {
    this.#leave('kicked', text);
  }

  logout(): void {
    this.#leave('logout', 'you have logged out');
  }

  onLogin(work: () => unknown): void {
    this.#login.push(work);
  }

  onOnline(work: (online: boolean) => unknown): void {
    this.#changed.push(work);
  }

  onEnd(work: (reason: EndOfPlayer) => unknown): void {
    this.#ends.push(work);
  }

  #send(body: Uint8Array): void {
    this.#skynet.send(this.#gate, 'lua', 'tell', this.#username, body);
  }

  /** The gate tells the client, and ends this service by its command `end`. */
  #leave(reason: KickReason, text: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // Behind the answer to the request that has led to it.
    this.#skynet.fork(() => this.#skynet.send(this.#gate, 'lua', 'over', this.uid, reason, text));
  }

  // --- for gate and rooms

  /** Begins to work on requests. */
  serve(requests: RequestTable): PlayerCommands {
    this.#requests = new Map(Object.entries(requests) as unknown as [string, DeclaredRequest][]);
    this.#skynet.dispatch('client', (request: Request, body: Body) => this.#work(request, body));
    const seats = this.#seats;
    const end = (reason: EndOfPlayer): Promise<void> => this.#end(reason);
    const send = (body: Uint8Array): void => this.#send(body);
    return {
      attach: (username) => {
        this.#username = username;
        this.#online = false;
        for (const work of this.#login) this.#skynet.fork(work);
      },
      online: async (is) => {
        if (this.#online === is) return;
        this.#online = is;
        for (const work of this.#changed) this.#skynet.fork(work, is);
        seats.online(is);
      },
      end: async (reason) => {
        await end(reason as EndOfPlayer);
        // A node that stops ends its services when their hooks are through; this may be in the middle of one.
        if (!this.#kernel.thread.isStopping) this.#skynet.fork(() => this.#skynet.exit());
      },
      left: (room, reason) => seats.lost(room, reason),
      tell(body) {
        if (seats.isOf(this.source)) send(body);
      },
    };
  }

  /** The node stops, or this service alone. What is asked while the clients go comes before the end. */
  async #stop(): Promise<void> {
    if (this.#kernel.thread.isStopping && !this.#isOver)
      await this.#skynet.call(this.#gate, 'lua', 'drain').catch((error: unknown) => {
        if (!isSkynetError(error, 'ERR_SERVICE_GONE') && !isSkynetError(error, 'ERR_NO_SERVICE')) throw error;
      });
    await this.#end('closing');
  }

  async #end(reason: EndOfPlayer): Promise<void> {
    this.#isOver = true;
    const ends = this.#ends.splice(0);
    for (const work of ends) {
      try {
        await work(reason);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        this.#kernel.reportError(`the end of player ${this.uid}`, error);
      }
    }
    this.#seats.leaveAll();
  }

  // --- requests

  #work(request: Request, body: Body): unknown {
    if (!this.#rate.take(this.#kernel.thread.clock())) {
      if (this.#rate.isFlood) this.#leave('flood', 'too many requests');
      request.rawRet(FLOOD);
      return undefined;
    }
    let name = '';
    try {
      const call = readCall(body as Uint8Array);
      name = call.name;
      const result = this.#run(call);
      if (!isPromise(result)) return this.#answer(request, name, result);
      return result.then(
        (value) => this.#answer(request, name, value),
        (error: unknown) => this.#refuse(request, name, error),
      );
    } catch (error) {
      return this.#refuse(request, name, error);
    }
  }

  #run({ name, input }: Call): unknown {
    const declared = this.#requests.get(name);
    if (declared !== undefined) return runRequest(declared, input);
    if (name === DESCRIBE && process.env['NODE_ENV'] !== 'production') return this.#describe();
    const meant = nearest(name, this.#requests.keys());
    throw playerError(
      'ERR_PLAYER_UNKNOWN',
      `there is no request ${JSON.stringify(name.slice(0, 80))}${meant === undefined ? '' : `, perhaps ${meant} is meant`}`,
      meant === undefined ? {} : { details: { meant } },
    );
  }

  /** What there is to ask and to hear, for pages that show it. */
  #describe(): unknown {
    const { pushes, errors } = this.#options;
    return {
      requests: [...this.#requests].map(([name, declared]) => ({ name, input: describeInput(declared) })),
      pushes: Object.entries(pushes).map(([name, { describe }]) => ({ name, value: describe })),
      errors: [...errors],
    };
  }

  #answer(request: Request, name: string, value: unknown): void {
    let bytes: Uint8Array;
    try {
      bytes = encodeAnswer(value);
    } catch (error) {
      this.#refuse(request, name, error);
      return;
    }
    if (bytes.length > MAX_BODY) this.#refuse(request, name, tooLarge('an answer', bytes.length));
    else request.rawRet(bytes);
  }

  #refuse(request: Request, name: string, thrown: unknown): void {
    // The end of the service, or of the task, is no failure.
    if (!(thrown instanceof Error)) throw thrown;
    const { code, message, details } = thrown as SkynetError;
    if (REFUSALS.has(code) || this.#options.errors.has(code)) {
      if (code === 'ERR_PLAYER_TOO_LARGE') this.#kernel.reportError(this.#title(name), thrown);
      // What a room has thrown came by a call.
      request.rawRet(bodyOfRefusal(code, message.replace(/^(?:call failed: )+/, ''), details));
      return;
    }
    this.#kernel.reportError(this.#title(name), thrown);
    request.rawRet(FAILED);
  }

  #title(name: string): string {
    return `request ${JSON.stringify(name)} of player ${JSON.stringify(this.uid.slice(0, 80))}`;
  }
}

interface Call {
  readonly name: string;
  readonly input: unknown;
}

const FLOOD = encodeRefusal('ERR_PLAYER_FLOOD', 'too many requests, slow down');
const FAILED = encodeRefusal('ERR_PLAYER_FAILED', 'the server failed to answer the request');

/** @throws ERR_PLAYER_MALFORMED. */
function readCall(body: Uint8Array): Call {
  const why = objection(body);
  const list = why === undefined ? decodeBody(body) : undefined;
  if (list === undefined || list.length < 1 || list.length > 2 || typeof list[0] !== 'string')
    throw playerError(
      'ERR_PLAYER_MALFORMED',
      `no request: ${why ?? 'a request is a list of a name and its input'}`,
    );
  return { name: list[0], input: list[1] };
}
