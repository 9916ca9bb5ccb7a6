import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { startTestNode, type TestNode } from '@skynet/core/testing';
import { createSnax } from '@skynet/snax';
import { expect, onTestFinished, test } from 'vitest';
import type counter from './fixtures/snax/counter.ts';

type Counter = typeof counter;

/** What the node's debug console prints for a line. */
async function visit(node: TestNode): Promise<(line: string) => Promise<string>> {
  await node.newService('debug_console', '0');
  const port = Number(/:(\d+)$/.exec(await node.logged(/Start debug console at/))?.[1]);
  const socket = connect({ port, host: '127.0.0.1' }).setEncoding('utf8');
  onTestFinished(() => void socket.destroy());
  let text = '';
  const until = async (end: RegExp): Promise<string> => {
    while (!end.test(text)) text += String((await once(socket, 'data'))[0]);
    const said = text;
    text = '';
    return said;
  };
  await until(/Welcome to skynet console\n/);
  return (line) => {
    socket.write(`${line}\n`);
    return until(/<CMD (OK|Error)>\n/);
  };
}

test('at a console: patches, versions and the way back, of a script and of one service; canaries', async () => {
  const node = await startTestNode(
    { snax: ['./snax/?'] },
    { base: fileURLToPath(new URL('./fixtures', import.meta.url)), after: onTestFinished },
  );
  const console = await visit(node);
  await node.run(async (skynet) => {
    const snax = createSnax(skynet);
    const one = await snax.newService<Counter>('counter', 5);
    const two = await snax.newService<Counter>('counter', 6);
    const get = () => Promise.all([one.req.get(), two.req.get()]);
    const address = skynet.address(one.handle);

    const patched = await console('hotfix counter let count; response.get = () => count * 2;');
    expect(patched).toContain(`${address}\tpatched`);
    expect(await get()).toEqual([10, 12]);
    expect(await console('list')).toContain(`${address}\tsnlua snaxd counter (version 1)`);
    expect(await console(`hotfix ${address} ./patches/double.ts`)).toContain('<CMD OK>');
    const versions = await console('versions counter');
    expect(versions).toMatch(
      new RegExp(
        `${address}\t0 [\\da-f]{10} \\S+, 1 [\\da-f]{10} text, \\*2 [\\da-f]{10} \\./patches/double\\.ts\n`,
      ),
    );
    expect(await console(`versions ${address}`)).toContain('*2');
    expect(await console(`info ${address}`)).toMatch(/version.*2/);
    expect(await console(`rollback ${address}`)).toContain('<CMD OK>');
    expect(await console(`rollback ${address} 9`)).toContain('there is no version 9');
    expect(await console('rollback counter')).toContain('<CMD OK>');
    expect(await console('list')).toContain(`${address}\tsnlua snaxd counter\n`);

    expect(await console('hotfix counter response.nope = () => 1;')).toContain(
      'Patch mismatch response.nope',
    );
    expect(await console('hotfix counter')).toContain('need a file, or the text of a patch');
    expect(await console('hotfix')).toContain('need a script, or the address of a service');
    expect(await console('hotfix :0100ffff let a;')).toContain('<CMD Error>');

    const rollout = snax.rollout('counter', 'response.get = () => 7;', { canary: { watch: 'told' } });
    await node.logged(/counter: :[\da-f]{8} has text; `rollout counter go` or `back`/);
    expect(await console('rollout')).toMatch(/counter\t.*text/);
    expect(await console('rollout counter on')).toContain('a canary goes on by "go" or "back"');
    expect((await get()).filter((count) => count === 7)).toHaveLength(1);
    expect(await console('rollout counter go')).toContain('<CMD OK>');
    await rollout;
    expect(await get()).toEqual([7, 7]);
    expect(await console('rollout counter back')).toContain('no canary of counter is watched');
  });
});
