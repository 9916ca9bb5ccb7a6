import { expectTypeOf, test } from 'vitest';
import {
  type CommandsOf,
  type CommandTable,
  defineConfig,
  defineService,
  type Handle,
  type Request,
  readDuration,
  type ServiceHandle,
  type Skynet,
  startNode,
} from '../src/index.ts';

// What does not compile here is an error of `npm run typecheck`, and so is a line that compiles and is said not to.

test('durations that cannot be read do not compile', () => {
  const use = (skynet: Skynet, given: string): void => {
    void skynet.sleep(5);
    void skynet.sleep('1.5s');
    void skynet.sleep('250 ms');
    void skynet.sleep(readDuration(given));
    // @ts-expect-error -- no such unit
    void skynet.sleep('1 sec');
    // @ts-expect-error -- no unit
    skynet.timeout('10', () => {});
    // @ts-expect-error -- no number
    skynet.interval('soon', () => {});
    // @ts-expect-error -- may be anything
    void skynet.sleep(given);
    // @ts-expect-error -- no such unit
    void skynet.call({ to: '.db', timeout: '5sec' }, 'lua');
  };
  expectTypeOf(use).toBeFunction();
});

test('unknown keys of a configuration do not compile, own ones are declared', () => {
  const own = defineConfig<{ gatePort: number; rooms: readonly string[] }>({
    thread: 2,
    gatePort: 1,
    rooms: ['a'],
  });
  expectTypeOf(own.gatePort).toEqualTypeOf<number>();
  // @ts-expect-error -- a slip of the pen
  defineConfig({ thred: 2 });
  // @ts-expect-error -- of another type
  defineConfig({ thread: '2' });
  // @ts-expect-error -- no duration
  defineConfig({ callTimeout: 'soon' });
  // @ts-expect-error -- besides the declared one
  defineConfig<{ gatePort: number }>({ gatePort: 1, gatPort: 2 });
  // @ts-expect-error -- the declared one is missing
  defineConfig<{ gatePort: number }>({ thread: 1 });
  // @ts-expect-error -- services read text
  defineConfig<{ gate: { port: number } }>({ gate: { port: 1 } });
  const start = (): unknown => [
    startNode({ thread: 2 }),
    startNode<{ myname: string }>({ myname: 'Dmaker' }),
    // @ts-expect-error -- a slip of the pen
    startNode({ servces: [] }),
  ];
  expectTypeOf(start).toBeFunction();
});

test('unknown message types do not compile, own ones are declared', () => {
  const use = (skynet: Skynet, to: Handle): void => {
    skynet.send(to, 'lua');
    skynet.dispatch('client', () => {});
    // See protocols.ts.
    skynet.send(to, 'words', 'one');
    // @ts-expect-error -- a slip of the pen
    skynet.send(to, 'lau');
    // @ts-expect-error -- a slip of the pen
    void skynet.call(to, 'LUA', 'get');
    // @ts-expect-error -- a slip of the pen
    void skynet.rawCall(to, 'debugg', skynet.pack());
    // @ts-expect-error -- a slip of the pen
    skynet.rawSend(to, 'lue', skynet.pack());
    // @ts-expect-error -- a slip of the pen
    skynet.redirect(to, to, 'lue', 1, skynet.pack());
    // @ts-expect-error -- a slip of the pen
    skynet.dispatch('lu', {});
    // @ts-expect-error -- a slip of the pen
    skynet.request().add(to, 'lu');
  };
  expectTypeOf(use).toBeFunction();
});

test('values that cannot be sent do not compile', () => {
  interface Tree {
    readonly name: string;
    readonly children?: readonly Tree[];
  }
  const store = defineService(() => ({
    plain: (_tree: Tree, _keys: Map<string, number>, _bytes: Uint8Array, _rest?: unknown): number => 1,
    at: (_when: Date) => 1,
    all: (_names: Set<string>) => 1,
    later: (_done: () => void) => 1,
    deep: (_options: { list: { on: symbol }[] }) => 1,
  }));
  const use = async (skynet: Skynet, tree: Tree, unknown: unknown): Promise<void> => {
    const handle = await skynet.newService(store);
    const { plain, at, all, deep } = skynet.proxy(handle);
    expectTypeOf(plain(tree, new Map([['a', 1]]), new Uint8Array())).toEqualTypeOf<Promise<number>>();
    await plain(tree, new Map(), Buffer.from(''), unknown);
    // @ts-expect-error -- a Date
    await at(new Date());
    // @ts-expect-error -- a Set
    await all(new Set(['a']));
    // @ts-expect-error -- a function
    skynet.sender(handle).later(() => {});
    // @ts-expect-error -- a symbol inside
    await deep({ list: [{ on: Symbol.iterator }] });

    skynet.send(handle, 'lua', 'plain', tree, [1n, null, undefined], { a: new Map([[1, 'b']]) }, unknown);
    await skynet.call<number>(handle, 'lua', 'plain', tree);
    // @ts-expect-error -- a function
    skynet.send(handle, 'lua', 'then', () => {});
    // @ts-expect-error -- a promise
    await skynet.call(handle, 'lua', 'then', Promise.resolve());
    // @ts-expect-error -- a Date inside
    await skynet.call(handle, 'lua', 'at', { when: new Date() });
    // Other types are packed as their protocol likes.
    skynet.send(handle, 'words', new Date());
  };
  expectTypeOf(use).toBeFunction();
});

test('what a service is started with is checked', () => {
  interface Player {
    uid: number;
    gate: Handle;
  }
  const words = defineService((_skynet, name, port: string) => ({ get: () => `${name}:${port}` }));
  const player = defineService((_skynet, { uid }: Player, friends: readonly number[] = []) => ({
    uid: () => uid + friends.length,
  }));
  const number = defineService((_skynet, _id: number) => {});
  interface Module {
    default: typeof player;
  }
  const use = async (skynet: Skynet): Promise<void> => {
    const self = skynet.self();
    await skynet.newService(words, 'a', 1);
    const handle = await skynet.newService(player, { uid: 7, gate: self });
    expectTypeOf(handle).toEqualTypeOf<ServiceHandle<CommandsOf<typeof player>>>();
    await skynet.newService(player, { uid: 7, gate: self }, [1, 2]);
    // @ts-expect-error -- the gate is missing
    await skynet.newService(player, { uid: 7 });
    // @ts-expect-error -- of another type
    await skynet.newService(player, { uid: '7', gate: self });
    // @ts-expect-error -- words only
    await skynet.newService(words, { name: 'a' });
    // @ts-expect-error -- a number alone is a word, and arrives as text
    await skynet.newService(number, 7);

    const named = await skynet.newService<Module>('player', { uid: 7, gate: self });
    expectTypeOf(skynet.proxy(named).uid()).toEqualTypeOf<Promise<number>>();
    await skynet.newService<Module>({ name: 'player', thread: 1 }, { uid: 7, gate: self });
    // @ts-expect-error -- the gate is missing
    await skynet.newService<Module>('player', { uid: 7 });
    // @ts-expect-error -- nothing is given
    await skynet.newService<Module>('player');
    const known = await skynet.newService<CommandsOf<Module>>('player', { uid: 7 });
    expectTypeOf(known).toEqualTypeOf<typeof named>();
    // @ts-expect-error -- no such policy
    await skynet.newService({ name: 'player', mailbox: { limit: 1, policy: 'wait' } });
  };
  expectTypeOf(use).toBeFunction();
});

test('in a table of commands `this` is the request, and a parameter is what its command says', () => {
  const table: CommandTable = {
    who() {
      expectTypeOf(this).toEqualTypeOf<Request>();
    },
    add(one: number, other: number) {
      return one + other;
    },
    // @ts-expect-error -- what comes may be anything
    upper: (word) => word.toUpperCase(),
  };
  expectTypeOf(table).not.toBeAny();
  // @ts-expect-error -- no function
  expectTypeOf<{ answer: number }>().toExtend<CommandTable>();
});
