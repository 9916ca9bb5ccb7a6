import assert from 'node:assert/strict';
import type { Connection } from '../../transport/contract.ts';
import { text } from './bytes.ts';
import type { Declare, End } from './world.ts';

/** What a listener does with those who are not through its handshake yet, and with those who never will be. */
export function handshakeTests(test: Declare): void {
  test('closes who is not through the handshake in time, however slowly it comes', async (world) => {
    const { handshake } = world;
    if (handshake === undefined) return;
    const reasons: unknown[] = [];
    const accepted: Connection[] = [];
    const listener = await world.listen((connection) => accepted.push(connection), {
      handshakeTimeout: 300,
      onAcceptError: (error) => reasons.push(error.details?.reason),
    });
    const guest = await world.visit(listener.url);
    const silent = await world.stranger(listener);
    const slow = await world.stranger(listener);
    let at = 0;
    const timer = setInterval(() => slow.socket.write(handshake.subarray(at, ++at)), 20);
    try {
      await Promise.all([...silent.closed, ...slow.closed]);
    } finally {
      clearInterval(timer);
    }
    assert.deepEqual(reasons, ['handshakeTimeout']);
    // Who was through in time stays.
    accepted[0]?.write(text('still here'));
    assert.equal((await guest?.heard.size(10))?.toString(), 'still here');
  });

  test('counts connections from their accept on, and lets none that is silent stand in the way', async (world) => {
    if (world.handshake === undefined) return;
    const accepted: Connection[] = [];
    const greet = (connection: Connection): void => {
      accepted.push(connection);
      connection.write(text('welcome'));
    };
    const listener = await world.listen(greet, { maxConnections: 3, handshakeTimeout: 0 });
    const strangers = [];
    for (let i = 0; i < 10; i++) strangers.push(await world.stranger(listener));
    await Promise.all(strangers.slice(3).flatMap(({ closed }) => closed));
    assert.deepEqual(
      strangers.map(({ socket }) => socket.destroyed),
      strangers.map((_, i) => i >= 3),
    );
    // Those who are in the handshake have a moment for it; then they have to make room.
    const guests: End[] = [];
    while (guests.length < 3) {
      const guest = await world.welcomed(listener.url);
      if (guest !== undefined) guests.push(guest);
    }
    await Promise.all(strangers.flatMap(({ closed }) => closed));
    assert.equal(accepted.length, 3);
    // Full of guests, it takes nobody in.
    await Promise.all((await world.stranger(listener)).closed);
    assert.deepEqual(
      guests.map(({ heard }) => heard.events),
      [[], [], []],
    );
  });

  test('counts the connections of an address from their accept on', async (world) => {
    if (world.handshake === undefined || world.proxied) return;
    const greet = (connection: Connection): void => connection.write(text('welcome'));
    const listener = await world.listen(greet, { maxPerAddress: 2, handshakeTimeout: 0 });
    const strangers = [await world.stranger(listener), await world.stranger(listener)];
    await Promise.all((await world.stranger(listener)).closed);
    assert.equal(await world.welcomed(listener.url), undefined);
    for (const { socket } of strangers) socket.destroy();
    // The listener needs a moment to see that they are gone.
    for (let guest: End | undefined; guest === undefined; ) guest = await world.welcomed(listener.url);
  });

  test('closes connections that are in their handshakes when it stops listening', async (world) => {
    if (world.handshake === undefined) return;
    const listener = await world.listen(() => {});
    const stranger = await world.stranger(listener);
    // Another that is through shows that it was accepted.
    await world.visit(listener.url);
    await listener.close();
    await Promise.all(stranger.closed);
  });
}
