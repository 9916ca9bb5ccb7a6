import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { defineService, packSeri } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import { until } from '@skynet/core/testing';
import { connectionTable } from '@skynet/core/transport';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startTestNode } from '../test-node.ts';
import { openedNode, visit } from './visitor.ts';

const store = defineService((skynet) => {
  skynet.register('.store');
  skynet.info((...words) => `store ${words.join('+')}`);
  return {
    get: (key: string) => ({ key, list: [1, 2] }),
    echo: (...values: unknown[]) => values[0],
    fail: () => {
      throw new Error('no such thing');
    },
    stuck: () => skynet.wait(),
    doze: () => skynet.sleep('1h'),
  };
});

describe('debug console', () => {
  test('help lists what there is; other words are refused', async () => {
    const { console } = await openedNode();
    const help = await console.type('help');
    expect(help).toContain('list\tall services');
    expect(help.at(-1)).toBe('<CMD OK>');
    expect(await console.type('nonsense 1')).toEqual([
      'Invalid command, type help for command list',
      '',
      '<CMD Error>',
    ]);
    expect(await console.type('lits')).toEqual([
      'Invalid command, type help for command list; did you mean "list"?',
      '',
      '<CMD Error>',
    ]);
    expect(await console.type('toString')).toEqual([
      'Invalid command, type help for command list',
      '',
      '<CMD Error>',
    ]);
  });

  test('list, start, kill, exit', async () => {
    const { node, console } = await openedNode();
    const [started, ok] = await console.type('start echo');
    expect([started?.split('\t')[1], ok]).toEqual(['echo', '<CMD OK>']);
    const address = started?.split('\t')[0] as string;
    expect(await console.type('list')).toContain(`${address}\tsnlua echo`);
    expect((await console.type(`kill ${address}`)).at(-1)).toBe('<CMD OK>');
    expect((await console.type('list')).join()).not.toContain(address);

    const [second] = await console.type('start echo');
    const other = second?.split('\t')[0] as string;
    expect(await console.type(`exit ${other.slice(-2)}`)).toEqual(['<CMD OK>']);
    await node.logged(new RegExp(`\\[${other}\\] KILL self`));
    expect(await console.type('start exits-in-start')).toEqual(['Exit', '<CMD OK>']);
    expect((await console.type('start throws-in-start'))[0]).toMatch(/^Failed/);
    expect((await console.type('start no-such'))[0]).toBe('Failed: no service no-such');
    expect(await console.type('start')).toEqual(['need the name of a service', '<CMD Error>']);
  });

  test('call, info and what a service answers to debug messages', async () => {
    const { node, console } = await openedNode();
    await node.newService(store);
    expect(await console.type('call .store "get", "name"')).toEqual([
      '1\tkey:name\tlist:[ 1, 2 ]',
      'n\t1',
      '<CMD OK>',
    ]);
    expect(await console.type(`call .store 'echo', {hp = 3, "x y": 1}`)).toEqual([
      '1\thp:3\tx y:1',
      'n\t1',
      '<CMD OK>',
    ]);
    expect(await console.type('call .store "echo", nil')).toEqual(['1\tnil', 'n\t1', '<CMD OK>']);
    expect(await console.type('call .store')).toEqual(['need arguments', '<CMD Error>']);
    expect(await console.type('call .store os.exit()')).toEqual(['Invalid arguments', '<CMD Error>']);
    expect(await console.type('call .store "fail"')).toEqual(['call failed: no such thing', '<CMD Error>']);
    expect(await console.type('call .nobody "get"')).toEqual(['Invalid address .nobody', '<CMD Error>']);
    expect(await console.type('call :01ffffff "get"')).toEqual([
      'call to invalid address :01ffffff',
      '<CMD Error>',
    ]);
    expect(await console.type('info .store a b')).toEqual(['store a+b', '<CMD OK>']);
    expect((await console.type('ping .store'))[0]).toMatch(/^\d+$/);
    expect(await console.type('dbgcmd .store PING')).toEqual(['true', '<CMD OK>']);
    expect((await console.type('dbgcmd .store NONSENSE')).at(-1)).toBe('<CMD Error>');
    expect((await console.type('stat')).find((line) => line.includes('mqlen'))).toMatch(
      /\tcpu:\S+\tmessage:\d+\tmqlen:\d+\ttask:\d+$/,
    );
    expect((await console.type('mem')).find((line) => line.includes('debug_console'))).toMatch(
      /\d+\.\d\d Kb \(snlua debug_console 0\)/,
    );
    expect((await console.type('mem')).find((line) => line.startsWith('thread 0'))).toMatch(
      /^thread 0\t\d+\.\d\d Kb heap, \d+\.\d\d Kb buffers$/,
    );
  });

  test('an address is taken with or without its colon, as 0x…, without its harbor, or by name', async () => {
    const { node, console } = await openedNode();
    const handle = await node.newService(store);
    const hex = handle.toString(16).padStart(8, '0');
    const forms = [
      `:${hex}`,
      hex,
      hex.toUpperCase(),
      `0x${hex}`,
      `0X${hex}`,
      hex.slice(-2),
      `:${hex.slice(-2)}`,
    ];
    for (const form of [...forms, hex.slice(1), `0x${hex.slice(-2)}`, '.store']) {
      expect([form, await console.type(`info ${form}`)]).toEqual([form, ['store ', '<CMD OK>']]);
      for (const command of ['task', 'uniqtask', 'ping', 'dbgcmd'])
        expect((await console.type(`${command} ${form} PING`)).at(-1)).toBe('<CMD OK>');
    }
    expect((await console.type(`kill ${hex}`))[0]).toMatch(new RegExp(`^:${hex}\\t`));
    for (const none of ['0', ':0', '0x', ':', 'store', '010000081', '-1', '1.5', 'x8', '.', ''])
      expect((await console.type(`info ${none}`)).at(-1)).toBe('<CMD Error>');
  });

  test('task, uniqtask, killtask show and drop what waits', async () => {
    const { node, console } = await openedNode();
    const handle = await node.newService(store);
    await node.run((skynet) => {
      for (let i = 0; i < 3; i++) skynet.send(handle, 'lua', 'doze');
      return skynet.call(handle, 'lua', 'echo');
    });
    const tasks = await console.type('task .store');
    expect(tasks).toHaveLength(4);
    expect(tasks[0]).toMatch(/^session: \d+\t/);
    expect((await console.type('uniqtask .store'))[0]).toMatch(/^3\tsessions:\[\d+,\d+,\d+\]$/);
    const session = /session: (\d+)/.exec(tasks[0] as string)?.[1];
    expect(await console.type(`killtask .store ${session}`)).toEqual(['<CMD OK>']);
    expect(await console.type('task .store')).toHaveLength(3);
    expect(await console.type(`killtask .store ${session}`)).toEqual(['Not found', '<CMD OK>']);
  });

  test('getenv and setenv', async () => {
    const { console } = await openedNode({ myname: 'Dmaker' });
    expect(await console.type('getenv myname')).toEqual(['myname\tDmaker', '<CMD OK>']);
    expect(await console.type('getenv absent')).toEqual(['absent\tnil', '<CMD OK>']);
    expect(await console.type('setenv fresh 1')).toEqual(['<CMD OK>']);
    expect(await console.type('getenv fresh')).toEqual(['fresh\t1', '<CMD OK>']);
    expect(await console.type('setenv fresh 2')).toEqual(["Can't setenv exist key : fresh", '<CMD Error>']);
  });

  test('service, clearcache, cmem, netstat', async () => {
    const { node, console } = await openedNode();
    const handle = await node.run((skynet) => skynet.uniqueService('echo'));
    expect(await console.type('service')).toContain(`echo\t:${handle.toString(16).padStart(8, '0')}`);
    expect(await console.type('clearcache')).toEqual(['<CMD OK>']);
    expect((await console.type('start echo')).at(-1)).toBe('<CMD OK>');
    expect((await console.type('cmem')).some((line) => /^heapUsed\t\d+$/.test(line))).toBe(true);
    expect(await console.type('netstat')).toEqual(['<CMD OK>']);
    await node.run((skynet) => {
      const type = 'LISTEN' as const;
      const stat = { id: 7, type, address: 0x0100000a, read: 1, write: 2, rbuffer: 3, wbuffer: 4 };
      connectionTable(kernelOf(skynet)).contribute(
        () => [{ ...stat, sock: '1.2.3.4:5', peer: undefined }],
        () => {},
      );
    });
    const line =
      'address::0100000a\tpeer:nil\trbuffer:3\tread:1\tsock:1.2.3.4:5\ttype:LISTEN\twbuffer:4\twrite:2';
    expect(await console.type('netstat')).toEqual([`7\t${line}`, '<CMD OK>']);
  });

  test('profile writes a file', async () => {
    const folder = mkdtempSync(`${tmpdir()}/skynet-console-`);
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const { console } = await openedNode({ logPath: folder });
    const [file, ok] = await console.type('profile 0.01');
    expect([file?.startsWith(folder), existsSync(file as string), ok]).toEqual([true, true, '<CMD OK>']);
    expect(await console.type('profile 0')).toEqual(['seconds must be above 0, up to 600', '<CMD Error>']);
  });

  test('logon writes down the messages of a service until logoff', async () => {
    const folder = mkdtempSync(`${tmpdir()}/skynet-console-`);
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const { node, console } = await openedNode({ logPath: folder });
    const handle = await node.newService(store);
    const file = `${folder}/${handle.toString(16).padStart(8, '0')}.log`;
    expect(await console.type('logon .store')).toEqual(['<CMD OK>']);
    expect((await console.type('call .store "echo", 7')).at(-1)).toBe('<CMD OK>');
    expect(await console.type('logoff .store')).toEqual(['<CMD OK>']);
    expect((await console.type('call .store "echo", 8')).at(-1)).toBe('<CMD OK>');
    await expect.poll(() => readFileSync(file, 'utf8')).toContain('close time');
    const [first, call, off, last, ...rest] = readFileSync(file, 'utf8').split('\n');
    expect(first).toMatch(/^open time: \d+ \w/);
    expect(call).toMatch(
      new RegExp(`^:[\\da-f]{8} 10 \\d+ \\d+ ${Buffer.from(packSeri(['echo', 7])).toString('hex')}$`),
    );
    expect(off).toMatch(/^:[\da-f]{8} 9 /);
    expect(last).toMatch(/^close time: \d+$/);
    expect(rest).toEqual(['']);
  });

  test('commands of one visitor run one after another, in the pieces and lines they come in', async () => {
    const { node, console } = await openedNode();
    await node.newService(store);
    console.send('call .store "ec');
    console.send('ho", 1\r\n\n  \ncall .store "echo", 2\n');
    expect(await console.type('call .store "echo", 3')).toEqual(['1\t1', 'n\t1', '<CMD OK>']);
    console.socket.end();
    expect(await console.rest()).toBe('1\t2\nn\t1\n<CMD OK>\n1\t3\nn\t1\n<CMD OK>\n');
  });

  test('more commands than may wait are all done', async () => {
    const { node, console } = await openedNode();
    await node.newService(store);
    console.send('call .store "echo", 1\n'.repeat(500));
    console.socket.end();
    expect(await console.rest()).toBe('1\t1\nn\t1\n<CMD OK>\n'.repeat(500));
  });

  test('a visitor who leaves gives up the call that hangs', async () => {
    const { node, console } = await openedNode();
    await node.newService(store);
    const address = await node.run((skynet) => skynet.address(skynet.localName('.store')));
    console.send(`call ${address} "stuck"\n`);
    const other = await visit(node);
    const list = await other.type('list');
    const own = list.find((line) => line.includes('debug_console'))?.split('\t')[0];
    const waitsForStore = async (): Promise<boolean> =>
      (await other.type(`task ${own}`)).join('\n').includes(address);
    await until(waitsForStore);
    // Who only says no more may still want the answer.
    console.socket.resetAndDestroy();
    await node.logged(/disconnect/);
    expect(await waitsForStore()).toBe(false);
  });

  test('says where it listens, and who else could come', async () => {
    const node = await startTestNode();
    await node.newService('debug_console', '0.0.0.0', '0');
    expect(await node.logged(/Start debug console/)).toMatch(/Start debug console at 0\.0\.0\.0:\d+$/);
    expect(await node.logged(/Anybody/)).toMatch(/set consoleToken$/);
    await expect(node.newService('debug_console', '127.0.0.1', 'port')).rejects.toMatchObject({
      code: 'ERR_SERVICE_INIT',
    });
    const { console } = await openedNode();
    const taken = String(console.socket.remotePort);
    await expect(node.newService('debug_console', taken)).rejects.toMatchObject({
      cause: { code: 'ERR_LISTEN' },
    });
  });

  test('its connections end with it; shutdown ends the node', async () => {
    const { node, console } = await openedNode();
    const other = await visit(node);
    const own = (await other.type('list')).find((line) => line.includes('debug_console'))?.split('\t')[0];
    other.send(`kill ${own}\n`);
    expect(await console.rest()).toBe('');
    await other.rest();

    const second = await openedNode();
    expect(await second.console.type('shutdown')).toEqual(['<CMD OK>']);
    await second.node.stopped;
  });
});
