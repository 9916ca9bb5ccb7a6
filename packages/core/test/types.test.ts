import { expectTypeOf, test } from 'vitest';
import { defineConfig, type Handle, readDuration, type Skynet, startNode } from '../src/index.ts';

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
