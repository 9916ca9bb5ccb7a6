import assert from 'node:assert/strict';
import { isSkynetError } from '../../errors.ts';
import { RecordingReceiver } from '../recording-receiver.ts';
import { collect, pattern, same, text, turn } from './bytes.ts';
import type { Declare } from './world.ts';

/** What comes in at one end comes out at the other: bytes, frames, in whichever pieces. */
export function carryingTests(test: Declare): void {
  test('carries bytes both ways, in order', async (world) => {
    const [client, server] = await world.pair();
    const expected = pattern(300_000);
    for (let at = 0, size = 1; at < expected.length; at += size, size = (size * 7 + 3) % 5000) {
      const piece = expected.slice(at, at + size);
      client.connection.write(piece);
      server.connection.write(piece);
      if (size % 5 === 0) await turn();
    }
    same(await server.heard.size(expected.length), expected);
    same(await client.heard.size(expected.length), expected);
    assert.deepEqual([...client.heard.events, ...server.heard.events], []);
  });

  test('tells both ends the same addresses', async (world) => {
    const [client, server] = await world.pair();
    assert.equal(client.connection.remoteAddress, server.connection.localAddress);
    assert.equal(server.connection.remoteAddress, client.connection.localAddress);
    assert.notEqual(server.connection.remoteAddress, '');
  });

  test('sends the writes of one turn together', async (world) => {
    const [client, server] = await world.pair();
    for (let i = 0; i < 1000; i++) client.connection.write(text(`${i % 10}`.repeat(10)));
    assert.equal(client.connection.pendingBytes, 10_000);
    await server.heard.size(10_000);
    assert.ok(server.heard.chunks < 20, `1000 writes came in ${server.heard.chunks} chunks`);
    while (client.connection.pendingBytes > 0) await turn();
  });

  test('keeps bytes that are written once and not changed, small and large', async (world) => {
    const [client, server] = await world.pair();
    const sizes = [1, 20_000, 3, 5_000_000, 100, 16_384, 16_383, 70_000, 0, 7];
    const pieces = sizes.map((size, i) => pattern(size, i + 1));
    for (const piece of pieces) client.connection.write(piece);
    const expected = Buffer.concat(pieces);
    same(await server.heard.size(expected.length), expected);
  });

  test('keeps what a peer does not read yet, whatever is collected meanwhile', async (world) => {
    const [client, server] = await world.pair();
    client.connection.pause();
    for (let i = 0; i < 200; i++) server.connection.write(pattern(40_000, i));
    for (let i = 0; i < 20; i++) {
      await turn();
      collect();
    }
    client.connection.resume();
    const expected = Buffer.concat(Array.from({ length: 200 }, (_, i) => pattern(40_000, i)));
    same(await client.heard.size(expected.length), expected);
  });

  test('copies small writes, so that their memory can be used again', async (world) => {
    const [client, server] = await world.pair();
    const scratch = new Uint8Array(100);
    for (let i = 0; i < 10; i++) client.connection.write(scratch.fill(i));
    scratch.fill(255);
    const received = await server.heard.size(1000);
    for (let i = 0; i < 10; i++) assert.equal(received[i * 100 + 50], i);
  });

  test('writes frames with a length of two or four bytes in front', async (world) => {
    const [client, server] = await world.pair();
    const large = pattern(65_535);
    client.connection.writeFrame(text('ab'), 2);
    client.connection.writeFrame(new Uint8Array(0), 2);
    client.connection.writeFrame(large, 2);
    client.connection.writeFrame(text('cd'), 4);
    client.connection.writeFrame(large, 4);
    const expected = Buffer.concat([
      Uint8Array.of(0, 2, 97, 98, 0, 0, 255, 255),
      large,
      Uint8Array.of(0, 0, 0, 2, 99, 100, 0, 0, 255, 255),
      large,
    ]);
    same(await server.heard.size(expected.length), expected);
  });

  test('refuses what is not bytes, and a frame that does not fit its header', async (world) => {
    const [client, server] = await world.pair();
    const word = 'text' as unknown as Uint8Array;
    assert.throws(
      () => client.connection.write(word),
      (error) => isSkynetError(error, 'ERR_ARGUMENT'),
    );
    assert.throws(
      () => client.connection.writeFrame(word, 2),
      (error) => isSkynetError(error, 'ERR_ARGUMENT'),
    );
    const large = new Uint8Array(65_536);
    assert.throws(
      () => client.connection.writeFrame(large, 2),
      (error) => isSkynetError(error, 'ERR_FRAME_TOO_LARGE'),
    );
    assert.equal(client.connection.pendingBytes, 0);
    client.connection.writeFrame(large, 4);
    await server.heard.size(65_540);
  });

  test('reads nothing before it is started', async (world) => {
    const [client, server] = await world.pair('late');
    client.connection.write(text('early'));
    for (let i = 0; i < 5; i++) await turn();
    assert.equal(server.heard.received, 0);
    server.connection.start(server.heard);
    assert.equal((await server.heard.size(5)).toString(), 'early');
  });

  test('stops reading while it is paused, and loses nothing', async (world) => {
    const [client, server] = await world.pair();
    client.connection.write(text('one'));
    await server.heard.size(3);
    server.connection.pause();
    client.connection.write(text('two'));
    // A second connection shows that the bytes had time to arrive.
    for (let i = 0; i < 20; i++) await turn();
    assert.equal(server.heard.received, 3);
    server.connection.resume();
    assert.equal((await server.heard.size(6)).toString(), 'onetwo');
  });

  test('can be paused from within data', async (world) => {
    const [client, server] = await world.pair();
    server.heard.onData = () => server.connection.pause();
    client.connection.write(text('a'));
    await server.heard.size(1);
    client.connection.write(text('b'));
    for (let i = 0; i < 20; i++) await turn();
    assert.equal(server.heard.received, 1);
    server.connection.resume();
    await server.heard.size(2);
  });

  test('goes over to another receiver without losing a byte', async (world) => {
    const [client, server] = await world.pair();
    client.connection.write(text('first'));
    await server.heard.size(5);
    server.connection.pause();
    client.connection.write(text('second'));
    for (let i = 0; i < 5; i++) await turn();
    const next = new RecordingReceiver();
    server.connection.start(next);
    assert.equal((await next.size(6)).toString(), 'second');
    assert.equal(server.heard.received, 5);
    client.connection.destroy();
    await next.until('the end', () => next.events.length > 0);
    assert.deepEqual(server.heard.events, []);
  });

  test('changes hands again and again while bytes come, and loses none', async (world) => {
    const [client, server] = await world.pair('late');
    const expected = pattern(3_000_000);
    const all = new RecordingReceiver();
    let hands = 0;
    const next = (): RecordingReceiver => {
      const receiver = new RecordingReceiver();
      const mine = ++hands;
      receiver.onData = (chunk) => {
        assert.equal(mine, hands, 'bytes came to a receiver that had handed over');
        all.data(chunk);
        server.connection.pause();
        if (mine % 3 === 0) server.connection.start(next());
        else if (mine % 3 === 1) setImmediate(() => server.connection.start(next()));
        else {
          setImmediate(() => server.connection.resume());
          receiver.onData = (more) => {
            all.data(more);
            server.connection.start(next());
          };
        }
      };
      receiver.end = () => all.end();
      return receiver;
    };
    server.connection.start(next());
    for (let at = 0; at < expected.length; at += 30_000) {
      client.connection.write(expected.subarray(at, at + 30_000));
      await turn();
    }
    client.connection.end();
    await all.event('end');
    same(all.bytes, expected);
    assert.ok(hands > 10, `${hands} receivers`);
  });
}
