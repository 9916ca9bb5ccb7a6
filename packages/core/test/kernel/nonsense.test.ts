import { expect, test } from 'vitest';
import {
  defineConfig,
  defineService,
  formatHandle,
  isSkynetError,
  packSeri,
  parseHandle,
  printable,
  resolveConfig,
  type Skynet,
  supervise,
  toMilliseconds,
  unpackSeri,
} from '../../src/index.ts';
import { kernelOf } from '../../src/kernel.ts';
import { uncoded } from '../../src/testing/index.ts';
import { startTestNode } from '../test-node.ts';

// Programs in JavaScript give functions anything: they answer, or fail with a code. Nothing else, and nobody hangs.

const echo = defineService(() => ({ echo: (...values: unknown[]) => values.length }));

test('the context of a service', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const target = await skynet.newService(echo);
    const limited = <Value>(value: Value) => ({ to: target, timeout: '1s', ...(value as object) }) as never;
    const found = await skynet.await(
      uncoded({
        address: (value) => skynet.address(value),
        harbor: (value) => skynet.harbor(value),
        error: (value) => skynet.error(value),
        getenv: (value) => skynet.getenv(value),
        'setenv key': (value) => skynet.setenv(value, 1),
        'setenv value': (value) => skynet.setenv(`key${Math.random()}`, value),
        newService: (value) => skynet.newService(value),
        'newService placed': (value) => skynet.newService({ name: 'echo', thread: value }),
        'newService name': (value) => skynet.newService({ name: value }),
        'newService argument': (value) => skynet.newService(echo, value),
        uniqueService: (value) => skynet.uniqueService(value),
        forgetService: (value) => skynet.forgetService(value),
        init: (value) => skynet.init(typeof value === 'function' ? ((() => {}) as never) : value),
        onExit: (value) => skynet.onExit(typeof value === 'function' ? ((() => {}) as never) : value),
        kill: (value) => skynet.kill(value),
        term: (value) => skynet.term(value),
        watch: (value) => skynet.watch(value, () => {}),
        'watch gone': (value) => skynet.watch(target, value),
        own: (value) => skynet.own(typeof value === 'function' ? ((() => {}) as never) : value),
        register: (value) => skynet.register(value),
        'nameService handle': (value) => skynet.nameService('.x', value),
        unregister: (value) => skynet.unregister(value),
        localName: (value) => skynet.localName(value),
        pack: (value) => skynet.pack(value),
        unpack: (value) => skynet.unpack(value),
        packBytes: (value) => skynet.packBytes(value),
        toString: (value: never) => skynet.toString(value),
        send: (value) => skynet.send(value, 'lua', 'echo'),
        'send type': (value) => skynet.send(target, value, 'echo'),
        'send value': (value) => skynet.send(target, 'lua', 'echo', value),
        'rawSend body': (value) => skynet.rawSend(target, 'lua', value),
        call: (value) => skynet.call(value, 'lua', 'echo'),
        'call type': (value) => skynet.call(target, value, 'echo'),
        'call value': (value) => skynet.call(target, 'lua', 'echo', value),
        'call timeout': (value) => skynet.call(limited({ timeout: value }), 'lua', 'echo'),
        'call signal': (value) => skynet.call(limited({ signal: value }), 'lua', 'echo'),
        'rawCall body': (value) => skynet.rawCall(target, 'lua', value),
        request: (value) => skynet.request(value),
        'request timeout': (value) => skynet.request({ timeout: value }),
        'request add': (value) => skynet.request().add(value, 'lua', 'echo'),
        'redirect source': (value) => skynet.redirect(target, value, 'lua', 0, skynet.pack()),
        'redirect session': (value) => skynet.redirect(target, 0, 'lua', value, skynet.pack()),
        'redirect body': (value) => skynet.redirect(target, 0, 'lua', 0, value),
        proxy: (value) => skynet.proxy<{ echo(): number }>(value).echo(),
        sender: (value) => skynet.sender<{ echo(): number }>(value).echo(),
        'dispatch type': (value) => skynet.dispatch(value, {}),
        registerProtocol: (value) => skynet.registerProtocol(value),
        queue: (value) => skynet.queue()(typeof value === 'function' ? ((() => {}) as never) : value),
        forwardType: (value) => skynet.forwardType(value),
        filter: (value) =>
          skynet.filter(typeof value === 'function' ? (((m: unknown) => m) as never) : value),
        fork: (value) => skynet.fork(typeof value === 'function' ? ((() => {}) as never) : value),
        killTask: (value) => skynet.killTask(value),
        'sleep time': (value) =>
          typeof value === 'boolean' || value === 2 ** 60 ? undefined : skynet.sleep(value),
        'await promise': (value) => (typeof value === 'function' ? undefined : skynet.await(value)),
        'await timeout': (value) => skynet.await(Promise.resolve(), { timeout: value }),
        'await signal': (value) => skynet.await(Promise.resolve(), { signal: value }),
        wakeup: (value) => skynet.wakeup(value),
        'timeout work': (value) =>
          skynet.timeout(0, typeof value === 'function' ? ((() => {}) as never) : value),
        'interval time': (value) => skynet.interval(value, () => {}).cancel(),
        info: (value) => skynet.info(value),
        'supervise options': (value) => supervise(skynet, value, []).then((made) => made.stop()),
        'supervise children': (value) => supervise(skynet, {}, value).then((made) => made.stop()),
        kernelOf: (value) => kernelOf(value),
      }),
    );
    expect(found).toEqual([]);
    expect(await skynet.call(target, 'lua', 'echo', 1, 2)).toBe(2);
  });
});

test('the node, and what is used without one', async () => {
  const node = await startTestNode();
  const found = await uncoded({
    'node.newService': (value) => node.newService(value),
    'node.newService argument': (value) => node.newService(echo, value),
    'node.run': (value) => node.run((typeof value === 'function' ? (_skynet: Skynet) => {} : value) as never),
    defineConfig: (value) => defineConfig(value),
    resolveConfig: (value) => resolveConfig(value, '/'),
    defineService: (value) => defineService(value),
    formatHandle: (value) => formatHandle(value),
    parseHandle: (value) => parseHandle(value),
    isSkynetError: (value) => isSkynetError(value),
    packSeri: (value) => packSeri(value),
    unpackSeri: (value) => unpackSeri(value),
    printable: (value) => printable(value),
    toMilliseconds: (value) => toMilliseconds(value),
  });
  expect(found).toEqual([]);
});
