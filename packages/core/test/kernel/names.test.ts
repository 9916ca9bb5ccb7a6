import { expect, test } from 'vitest';
import { defineService } from '../../src/index.ts';
import { startTestNode } from '../test-node.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

test('local and global aliases', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const handle = await skynet.newService('echo');
    skynet.nameService('.local', handle);
    skynet.nameService('global', handle);
    expect(skynet.localName('.local')).toBe(handle);
    expect(skynet.localName('global')).toBeUndefined();
    expect(await skynet.queryName('.local')).toBe(handle);
    expect(await skynet.queryName('.none')).toBeUndefined();
    expect(await skynet.queryName('global')).toBe(handle);
    expect(await skynet.call('.local', 'lua', 'echo', 'x')).toBe('x');
    expect(await skynet.call('global', 'lua', 'echo', 'y')).toBe('y');
    // The first owner keeps a local name; a global one is refused aloud.
    skynet.register('.local');
    expect(skynet.localName('.local')).toBe(handle);
    expect(() => skynet.register('global')).toThrow(code('ERR_NAME_TAKEN'));
    skynet.kill(handle);
    expect(skynet.localName('.local')).toBeUndefined();
    expect(await skynet.queryName('global')).toBe(handle);
    expect(skynet.unregister('global')).toBe(true);
    skynet.register('global');
    expect(await skynet.queryName('global')).toBe(skynet.self());
  });
});

test('a global name is waited for', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const waiting = skynet.queryName('later');
    await skynet.yield();
    skynet.register('later');
    expect(await waiting).toBe(skynet.self());
  });
});

test.each(['', '.', ':10', '123', 'a name far too long', 5, undefined])('%j is no name', async (name) => {
  const node = await startTestNode();
  await node.run((skynet) => {
    expect(() => skynet.register(name as string)).toThrow(code('ERR_NAME_INVALID'));
    expect(() => skynet.localName(name as string)).toThrow(code('ERR_NAME_INVALID'));
  });
});

test('a unique service is started once, also by callers at the same time, and can be waited for', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const query = skynet.queryService('echo');
    await skynet.yield();
    const [one, two, three] = await Promise.all([
      skynet.uniqueService('echo'),
      skynet.uniqueService('echo'),
      query,
    ]);
    expect(two).toBe(one);
    expect(three).toBe(one);
    expect(await skynet.uniqueService('echo', 'other', 'arguments')).toBe(one);
    const network = await skynet.uniqueService(true, 'echo');
    expect(network).not.toBe(one);
    expect(await skynet.queryService(true, 'echo')).toBe(network);
    skynet.kill(one);
    expect(await skynet.uniqueService('echo')).toBe(one);
    expect(await skynet.forgetService('echo')).toBe(true);
    expect(await skynet.forgetService('nobody')).toBe(false);
    expect(await skynet.uniqueService('echo')).not.toBe(one);
  });
});

test('a unique service that cannot start is tried again at the next request', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const fails = () =>
      expect(skynet.uniqueService('throws-in-start')).rejects.toThrow(code('ERR_SERVICE_INIT'));
    await Promise.all([fails(), fails()]);
    await fails();
    await expect(skynet.uniqueService('exits-in-start')).rejects.toThrow(code('ERR_SERVICE_EXITED'));
  });
});

test('the environment can be added to, never changed', async () => {
  const node = await startTestNode({ myname: 'Dmaker', myage: 20, flag: true });
  await node.run(async (skynet) => {
    expect([
      skynet.getenv('myname'),
      skynet.getenv('myage'),
      skynet.getenv('flag'),
      skynet.getenv('thread'),
    ]).toEqual(['Dmaker', '20', 'true', '1']);
    expect(skynet.getenv('none')).toBeUndefined();
    skynet.setenv('mynewage', 21);
    await skynet.newService(defineService((own) => expect(own.getenv('mynewage')).toBe('21')));
    expect(() => skynet.setenv('myname', 'x')).toThrow(code('ERR_ENV_EXISTS'));
    expect(() => skynet.setenv('a b', 'x')).toThrow(code('ERR_ENV_INVALID'));
    expect(() => skynet.setenv('c', undefined as never)).toThrow(code('ERR_ENV_INVALID'));
  });
});

test('the launcher lists, asks and kills', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const handle = await skynet.newService('echo');
    const address = skynet.address(handle);
    expect(await skynet.call('.launcher', 'lua', 'LIST')).toMatchObject({
      [address]: 'snlua echo',
      ':01000004': 'snlua service_mgr',
    });
    expect(await skynet.call('.launcher', 'lua', 'STAT')).toMatchObject({ [address]: { mqlen: 0, task: 0 } });
    expect(await skynet.call(handle, 'debug', 'PING')).toBe(true);
    const link = skynet.call(handle, 'debug', 'LINK');
    await skynet.yield();
    expect(await skynet.call('.launcher', 'lua', 'KILL', address)).toEqual({ [address]: 'snlua echo' });
    await expect(link).rejects.toThrow(code('ERR_SERVICE_GONE'));
    await expect(skynet.call('.launcher', 'lua', 'KILL', address)).rejects.toThrow(code('ERR_NO_SERVICE'));
  });
});

test('aliases and names of unique services are two things', async () => {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const found: string[] = [];
    const unique = await skynet.uniqueService('echo');
    skynet.nameService('alias', unique);
    void skynet.queryService('alias').then(() => found.push('a unique service named alias'));
    void skynet.queryName('echo').then(() => found.push('an alias echo'));
    await skynet.sleep('2ms');
    expect(found).toEqual([]);
  });
});

test('a name whose owner is gone can be given to another, also when the owner lived in another thread', async () => {
  const node = await startTestNode({ thread: 2, services: ['./threads/?'] });
  await node.run(async (skynet) => {
    const gone = await skynet.newService({ name: 'mortal', thread: 1 });
    skynet.nameService('.owner', gone);
    skynet.nameService('OWNER', gone);
    await expect(skynet.call(gone, 'lua', 'leave', skynet.self(), 0)).rejects.toThrow();
    skynet.nameService('.owner', skynet.self());
    skynet.nameService('OWNER', skynet.self());
    expect(skynet.localName('.owner')).toBe(skynet.self());
    expect(await skynet.queryName('OWNER')).toBe(skynet.self());
  });
});
