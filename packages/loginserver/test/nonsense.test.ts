import { uncoded } from '@skynet/core/testing';
import { createServerKey, ModernClient, startLoginServer } from '@skynet/loginserver';
import { expect, test } from 'vitest';
import { logIn, startTestLogin, startTestNode, tokenOf } from './harness.ts';

const handlers = {
  authHandler: () => ({ server: 's', uid: 'u' }),
  loginHandler: () => 1,
  commandHandler: () => undefined,
};

test('nonsense gets an error with a code, and starts nothing', async () => {
  const node = await startTestNode();
  const services = node.services;
  // A name that is taken, so that nothing that fits gets further.
  const found = await node.run((skynet) => {
    skynet.register('.login');
    const start = (options: object): Promise<unknown> =>
      startLoginServer(skynet, [], { port: 0, ...handlers, ...options });
    return uncoded({
      context: (value) => startLoginServer(value, [], { port: 0, ...handlers }),
      options: (value) => startLoginServer(skynet, [], value),
      authHandler: (value) => start({ authHandler: value }),
      commandHandler: (value) => start({ commandHandler: value }),
      host: (value) => start({ host: value }),
      port: (value) => start({ port: value }),
      url: (value) => start({ url: value }),
      // Any other name would be free.
      name: (value) => typeof value === 'string' || start({ name: value }),
      instance: (value) => start({ instance: value }),
      multilogin: (value) => start({ multilogin: value }),
      handshakeTimeout: (value) => start({ handshakeTimeout: value }),
      limits: (value) => start({ limits: value }),
      'limits.connections': (value) => start({ limits: { connections: value } }),
      classic: (value) => start({ classic: value }),
      modern: (value) => start({ modern: value }),
      'modern.privateKey': (value) => start({ modern: { privateKey: value } }),
      'modern.ciphers': (value) =>
        start({ modern: { privateKey: createServerKey().privateKey, ciphers: value } }),
    });
  });
  expect(found).toEqual([]);
  expect(node.services).toBe(services);
});

test('a client of the handshake of today refuses it as well', async () => {
  const { publicKey } = createServerKey();
  const found = await uncoded({
    'public key': (value) => new ModernClient(value),
    cipher: (value) => new ModernClient(publicKey, value),
    greet: (value) => new ModernClient(publicKey).greet(value),
    'line of the server': (value) => new ModernClient(publicKey).token(value, Buffer.from('x')),
    token: (value) => new ModernClient(publicKey).token('x y', value),
    status: (value) => new ModernClient(publicKey).status(value),
  });
  expect(found).toEqual([]);
});

test('messages of nonsense reach the command handler, and the server goes on', async () => {
  const { node, handle, port } = await startTestLogin();
  const found = await node.run((skynet) =>
    uncoded({ command: (value) => skynet.call(handle, 'lua', value) }),
  );
  expect(found).toEqual([]);
  expect((await logIn(port, tokenOf('anna'))).status).toMatch(/^200 /);
});
