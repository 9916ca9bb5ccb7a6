import { uncoded } from '@skynet/core/testing';
import { startGateserver } from '@skynet/gateserver';
import { userIdBytesOf, userIdOf, usernameOf } from '@skynet/msgserver';
import {
  classicSuite,
  connect,
  login,
  modernSuite,
  tokenOf,
  webSocketDialer,
} from '@skynet/msgserver/client';
import { dialer } from '@skynet/msgserver/client/node';
import { expect, test } from 'vitest';
import { startMsgServer } from '../src/index.ts';
import { scripted } from './client/streams.ts';
import { logIn, startTestServer } from './harness.ts';

test('nonsense gets an error with a code, and the server goes on', async () => {
  const test = await startTestServer();
  const { server, skynet } = test;
  const user = await logIn(test);
  const nothing = (): undefined => undefined;
  const handlers = {
    loginHandler: () => 1,
    logoutHandler: nothing,
    kickHandler: nothing,
    requestHandler: nothing,
    registerHandler: nothing,
  };
  const found = await test.node.run((caller) => {
    const call = (...message: unknown[]): Promise<unknown> => caller.call(test.handle, 'lua', ...message);
    return uncoded({
      'startMsgServer context': (value) => startMsgServer(value, startGateserver, handlers),
      'startMsgServer gate': (value) =>
        typeof value === 'function' || startMsgServer(skynet, value, handlers),
      'startMsgServer handlers': (value) => startMsgServer(skynet, startGateserver, value),
      'startMsgServer commandHandler': (value) =>
        typeof value === 'function' ||
        value === undefined ||
        startMsgServer(skynet, nothing as never, { ...handlers, commandHandler: value }),
      'startMsgServer options': (value) => startMsgServer(skynet, nothing as never, handlers, value),
      username: (value) => server.username(value, value, value),
      userid: (value) => server.userid(value),
      login: (value) => server.login(value, value),
      'login secret': (value) => server.login('somebody', value),
      logout: (value) => server.logout(value),
      ip: (value) => server.ip(value),
      push: (value) => server.push(value, 'x'),
      'push content': (value) =>
        server.push(user.username, typeof value === 'string' ? ('' as never) : value),
      pendingPushes: (value) => server.pendingPushes(value),
      forward: (value) => server.forward(value, 0),
      usernameOf: (value) => usernameOf(value, value, value),
      userIdOf: (value) => userIdOf(value),
      userIdBytesOf: (value) => userIdBytesOf(value),
      'a message': (value) => call(value),
      'message login': (value) => call('login', value, value),
      'message logout': (value) => call('logout', value, value),
      'message kick': (value) => call('kick', value, value),
      'message push': (value) => call('push', value, value, value),
      'message open': (value) => call('open', value),
    });
  });
  expect(found).toEqual([]);
  const client = await user.connect(1, 0);
  expect(client.status).toMatch(/^200 OK/);
  client.request('after', 1);
  let answer = await client.answer();
  // Pushes that fitted come first.
  while (answer?.[1] === 2) answer = await client.answer();
  expect(answer).toEqual(['AFTER', 1, 1]);
});

test('the client refuses it as well', async () => {
  const ticket = { user: 'u', server: 's', subid: 1, secret: Buffer.from('12345678') };
  const dial = scripted(() => {});
  const soon = { timeout: 5, backoff: { first: 1, max: 1 } };
  const found = await uncoded({
    connect: (value) => connect(value),
    'connect dial': (value) => typeof value === 'function' || connect({ ...ticket, dial: value }),
    'connect user': (value) => connect({ ...ticket, ...soon, dial, user: value }),
    'connect secret': (value) => connect({ ...ticket, ...soon, dial, secret: value ?? ('' as never) }),
    'connect window': (value) => connect({ ...ticket, ...soon, dial, window: value }),
    'connect backoff': (value) => connect({ ...ticket, ...soon, dial, backoff: value }),
    'connect on': (value) => connect({ ...ticket, ...soon, dial, on: value }),
    'connect signal': (value) => connect({ ...ticket, ...soon, dial, signal: value }),
    login: (value) => login(value),
    'login token': (value) => login({ dial, user: 'u', server: 's', timeout: 5, token: value }),
    'login suite': (value) =>
      login({ dial, user: 'u', server: 's', timeout: 5, password: 'p', suite: value }),
    tokenOf: (value) => tokenOf(value, value, value),
    classicSuite: (value) => classicSuite(value),
    modernSuite: (value) => modernSuite(value),
    dialer: (value) => dialer(value)(new AbortController().signal),
    'dialer transports': (value) => dialer('127.0.0.1:1', value)(new AbortController().signal),
    webSocketDialer: (value) => webSocketDialer(value)(new AbortController().signal),
    'webSocketDialer class': (value) =>
      webSocketDialer('ws://127.0.0.1:1', value)(new AbortController().signal),
  });
  expect(found).toEqual([]);
});
