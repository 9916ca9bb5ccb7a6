import {
  type Address,
  type Body,
  type Handle,
  isSkynetError,
  LuaFloat,
  PTYPE,
  packSeri,
  type Request,
  type Skynet,
  unpackSeri,
} from '@skynet/core';
import { bytesOf, describe, digest, pattern, sum, upper } from './values.ts';

/** A command: its request and its arguments; what it returns are the values of the answer. */
export type Command = (request: Request, ...args: never[]) => Values | Promise<Values>;
export type Values = readonly unknown[];

declare module '@skynet/core' {
  interface Protocols {
    exact: true;
  }
}

/** Type number that `lua` messages are taken for, so that their bytes are read without losing anything. */
const EXACT = 20;

declare module '@skynet/core' {
  interface Protocols {
    exact: true;
  }
}

/** Values of a body. Floats stay apart from integers. */
export function readExactly(body: Body): unknown[] {
  return body instanceof Uint8Array ? unpackSeri(body, 0, { floats: 'exact' }) : [...body];
}

/** Whole numbers as they are used here, whatever they came as. */
export function numberOf(value: unknown): number {
  return value instanceof LuaFloat ? value.value : Number(value);
}

/** Text of a name. */
export function textOf(value: unknown): string {
  return bytesOf(value).toString();
}

/** A service, by its handle or by a name. */
export function addressOf(target: unknown): Address {
  return typeof target === 'string' || target instanceof Uint8Array ? textOf(target) : numberOf(target);
}

/** A call whose failure is a value. */
export async function attempt(call: () => Promise<Values>): Promise<Values> {
  try {
    return [true, ...(await call())];
  } catch (error) {
    return [false, isSkynetError(error) ? `${error.message} (${error.code})` : String(error)];
  }
}

/** Answers `lua` messages by a table of commands; others are errors. Values keep every bit. */
export function serve(skynet: Skynet, commands: Readonly<Record<string, Command>>): void {
  skynet.registerProtocol({
    name: 'exact',
    id: EXACT,
    pack: (...values) => packSeri(values),
    unpack: readExactly,
  });
  skynet.forwardType({ [PTYPE.LUA]: EXACT });
  skynet.dispatch('exact', async (request: Request, name: unknown, ...args: never[]) => {
    const command = typeof name === 'string' && Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined) throw new Error(`unknown command ${describe(name)}`);
    const values = await command(request, ...args);
    if (request.session !== 0) request.ret(...values);
    else request.noReply();
  });
}

/** Counts that come one after another: how many, and whether they were 1, 2, 3 … */
export class Count {
  #count = 0;
  #inOrder = true;

  add(value: unknown): void {
    this.#count++;
    if (numberOf(value) !== this.#count) this.#inOrder = false;
  }

  get(): [count: number, inOrder: boolean] {
    return [this.#count, this.#inOrder];
  }
}

/** Commands that every reference service has, see the table in the README of the demo. */
export function commonCommands(skynet: Skynet, spawn: () => Promise<Handle>): Record<string, Command> {
  let marks = new Count();
  let notes: string[] = [];
  return {
    echo: (_request, ...values) => values,
    upper: (_request, text) => [upper(text)],
    sum: (_request, ...values) => [sum(values)],
    count: (_request, ...values) => [values.length],
    describe: (_request, ...values) => [values.map(describe).join(';')],
    len: (_request, text) => [bytesOf(text).length],
    digest: (_request, text) => [digest(text)],
    big: (_request, seed, length) => [pattern(numberOf(seed), numberOf(length))],
    none: () => [],
    slow: async (_request, time, ...values) => {
      await skynet.sleep(numberOf(time));
      return values;
    },
    error: (_request, text) => {
      throw new Error(textOf(text));
    },
    self: () => [skynet.self()],
    harbor: () => [skynet.harbor(skynet.self()).harbor],
    spawn: async () => [await spawn()],
    exit: (request) => {
      request.ret(true);
      return skynet.exit();
    },
    mark: (_request, k) => {
      marks.add(k);
      return [];
    },
    marks: () => {
      const got = marks.get();
      marks = new Count();
      return got;
    },
    note: (_request, ...values) => {
      notes.push(describe(values));
      return [];
    },
    notes: () => {
      const got = notes;
      notes = [];
      return [got];
    },
    call: (_request, target, ...values) =>
      attempt(async () => readExactly(await skynet.rawCall(addressOf(target), 'lua', packSeri(values)))),
    send: (_request, target, ...values) => {
      skynet.rawSend(addressOf(target), 'lua', packSeri(values));
      return [true];
    },
    flood: (_request, target, command, count) => {
      const to = addressOf(target);
      for (let i = 1; i <= numberOf(count); i++) skynet.rawSend(to, 'lua', packSeri([command, i]));
      return [count];
    },
  };
}
