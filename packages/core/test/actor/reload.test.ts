import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Skynet } from '../../src/index.ts';
import { startTestNode, type TestNode } from '../../src/testing/index.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

interface Place {
  readonly node: TestNode;
  write(body: string, more?: string): void;
}

/** A node with a service `store` whose module can be written anew, and perhaps something that runs before each service. */
async function place(body: string, more = '', preload?: string): Promise<Place> {
  const base = mkdtempSync(path.join(tmpdir(), 'reload-'));
  onTestFinished(() => rmSync(base, { recursive: true }));
  const write = (start: string, rest = ''): void =>
    writeFileSync(
      path.join(base, 'store.mjs'),
      `${rest}\nexport default { kind: 'skynet.service', start(skynet, ...args) { ${start} } };`,
    );
  write(body, more);
  if (preload !== undefined) writeFileSync(path.join(base, 'before.mjs'), preload);
  const given = preload === undefined ? {} : { preload: './before' };
  const node = await startTestNode({ services: ['./?'], ...given }, { base, after: onTestFinished });
  return { node, write };
}

const COUNTER = (step: number, extra = ''): string => `
  let count = 0;
  skynet.handover({ take: () => ({ count }), give: (state) => { count = state.count; } });
  ${extra}
  return {
    add: () => { count += ${step}; return count; },
    slow: async (cs) => { await skynet.sleep(cs); count += ${step}; return 'step ${step}'; },
    args: () => args,
  };`;

const call = (skynet: Skynet, handle: number, ...values: unknown[]) => skynet.call(handle, 'lua', ...values);

test('new code under the same handle and name, with the state, the start arguments, and what waited', async () => {
  const { node, write } = await place(COUNTER(1));
  await node.run(async (skynet) => {
    const handle = await skynet.newService('store', 'a', { b: [1] } as never);
    skynet.nameService('.store', handle);
    await call(skynet, handle, 'add');
    const running = call(skynet, handle, 'slow', 3);
    write(COUNTER(10));
    const reloaded = skynet.reload('.store');
    const waiting = Array.from({ length: 5 }, () => call(skynet, handle, 'add'));
    expect(await running).toBe('step 1');
    await reloaded;
    const answers = await Promise.all(waiting);
    // Those that came before the code was loaded are the old code's; order and sum hold all the same.
    expect(answers).toEqual([...answers].sort((a, b) => Number(a) - Number(b)));
    const before = Number(await call(skynet, handle, 'add'));
    expect(await call(skynet, handle, 'add')).toBe(before + 10);
    expect(await call(skynet, handle, 'args')).toEqual(['a', { b: [1] }]);
    expect(skynet.localName('.store')).toBe(handle);
    await node.logged(/RELOAD snlua store "a"/);
  });
});

test('what the configuration has run before each service is run before its new code, too', async () => {
  const { node, write } = await place(
    COUNTER(1),
    '',
    "export default async (skynet) => { await skynet.sleep(0); skynet.info(() => 'from before'); };",
  );
  await node.run(async (skynet) => {
    const handle = await skynet.newService('store');
    expect(await skynet.call(handle, 'debug', 'INFO')).toBe('from before');
    write(COUNTER(10));
    await skynet.reload(handle);
    expect(await skynet.call(handle, 'debug', 'INFO')).toBe('from before');
    expect(await call(skynet, handle, 'add')).toBe(10);
  });
});

test.each([
  ['text that is no program', 'return {', 'ERR_SERVICE_MODULE'],
  ['a start that throws', 'throw new Error("at start")', 'ERR_REMOTE'],
  [
    'a start that rejects later',
    'return skynet.sleep(1).then(() => { throw new Error("later"); })',
    'ERR_REMOTE',
  ],
  ['code that takes no state over', 'return { add: () => "none" }', 'ERR_HANDOVER'],
  [
    'state that is refused',
    'skynet.handover({ take() {}, give() { throw new Error("no"); } });',
    'ERR_REMOTE',
  ],
])('%s leaves the old code at work', async (_what, body, expected) => {
  const { node, write } = await place(COUNTER(1));
  await node.run(async (skynet) => {
    const handle = await skynet.newService('store');
    await call(skynet, handle, 'add');
    write(body);
    await expect(skynet.reload(handle)).rejects.toThrow(code(expected));
    expect(await call(skynet, handle, 'add')).toBe(2);
    write(COUNTER(5));
    await skynet.reload(handle);
    expect(await call(skynet, handle, 'add')).toBe(7);
  });
});

test('timers of the old code end with it, what it had opened stays; the module may hand over as well', async () => {
  const ticking = (name: string): string => `
    skynet.interval(1, () => skynet.error('tick ${name}'));
    skynet.own(() => skynet.error('closed ${name}'));
    skynet.onExit(() => skynet.error('exit ${name}'));
    return { stop: () => skynet.exit() };`;
  const { node, write } = await place(
    ticking('old'),
    'export const handover = { take: () => ({ n: 1 }), give: (state) => {} };',
  );
  await node.run(async (skynet) => {
    const handle = await skynet.newService('store');
    await node.logged(/tick old/);
    write(
      ticking('new'),
      "export const handover = { take: () => 0, give: (state, skynet) => skynet.error('given', state.n) };",
    );
    await skynet.reload(handle);
    await node.logged(/given 1/);
    await node.logged(/tick new/);
    const at = node.log.length;
    await node.logged(/tick new/, at);
    await node.logged(/tick new/, node.log.length);
    expect(node.log.slice(at).filter((line) => /tick old/.test(line))).toEqual([]);
    skynet.send(handle, 'lua', 'stop');
    await node.logged(/closed old/);
    await node.logged(/exit new/);
    expect(node.log.some((line) => /exit old/.test(line))).toBe(false);
  });
});

test('a service that is gone, or ends meanwhile, is told of', async () => {
  const { node } = await place(
    'skynet.handover({ take() {}, give: () => skynet.exit() }); return { stop: () => skynet.exit() }',
  );
  await node.run(async (skynet) => {
    const handle = await skynet.newService('store');
    await expect(skynet.reload(handle)).rejects.toThrow(code('ERR_SERVICE_GONE'));
    await expect(skynet.reload(handle)).rejects.toThrow(code('ERR_NO_SERVICE'));
  });
});

test('new code sets up its protocols, names and console commands once more', async () => {
  const own = (answer: string): string => `
    skynet.registerProtocol({ name: 'odd', id: 99, pack: (text) => Buffer.from(text), unpack: String });
    skynet.dispatch('odd', (request, text) => text + ' ${answer}');
    skynet.register('all' + skynet.self());
    skynet.register('.all' + skynet.self());
    skynet.handover({ take: () => 1, give: () => {} });
    return { protocol: (to) => skynet.call(to, 'odd', 'asked') };`;
  const { node, write } = await place(own('old'));
  await node.run(async (skynet) => {
    const handle = await skynet.newService('store');
    const other = await skynet.newService('store');
    expect(await call(skynet, other, 'protocol', handle)).toBe('asked old');
    write(own('new'));
    await skynet.reload(handle);
    expect(await call(skynet, other, 'protocol', handle)).toBe('asked new');
    write(own('worse').replace('take:', 'take: 5, took:'));
    await expect(skynet.reload(handle)).rejects.toThrow(code('ERR_ARGUMENT'));
    expect(await call(skynet, other, 'protocol', handle)).toBe('asked new');
  });
});

test('what waits while the code is exchanged is refused when the service ends', async () => {
  const { node, write } = await place(COUNTER(1));
  await node.run(async (skynet) => {
    const handle = await skynet.newService('store');
    write("skynet.error('is stuck'); return skynet.wait('never')");
    const reloading = skynet.reload(handle);
    await Promise.race([node.logged(/is stuck/), reloading]);
    const waiting = [1, 2, 3].map(() => call(skynet, handle, 'add'));
    const outcomes = Promise.allSettled([reloading, ...waiting]);
    await skynet.call(handle, 'debug', 'PING');
    skynet.kill(handle);
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ status: 'rejected' });
  });
});
