import assert from 'node:assert/strict';
import { BACKLOG_MARK, type Connection } from '../../transport/contract.ts';
import { RecordingReceiver } from '../recording-receiver.ts';
import { pattern, same, text, turn } from './bytes.ts';
import type { Declare } from './world.ts';

/** How connections end: in one direction, in both, at once, or broken. */
export function endingTests(test: Declare): void {
  test('ends one direction and goes on in the other', async (world) => {
    const [client, server] = await world.pair();
    client.connection.write(text('request'));
    client.connection.end();
    client.connection.write(text('ignored'));
    await server.heard.event('end');
    assert.equal(server.heard.bytes.toString(), 'request');
    assert.equal(server.connection.closed, false);
    server.connection.write(text('answer'));
    assert.equal((await client.heard.size(6)).toString(), 'answer');
    assert.equal(client.connection.closed, false);
    server.connection.end();
    await Promise.all([client.heard.event('closed'), server.heard.event('closed')]);
    assert.deepEqual(client.heard.events, ['end', 'closed']);
    assert.deepEqual(server.heard.events, ['end', 'closed']);
  });

  test('tells a receiver that comes late of the end', async (world) => {
    const [client, server] = await world.pair();
    client.connection.end();
    await server.heard.event('end');
    const next = new RecordingReceiver();
    server.connection.start(next);
    assert.deepEqual(next.events, []);
    await next.event('end');
    server.connection.start(next);
    server.connection.write(text('still open'));
    await client.heard.size(10);
    assert.deepEqual(next.events, ['end']);
  });

  test('lets a slow reader be felt, and tells when all has gone', async (world) => {
    const [client, server] = await world.pair('late');
    const piece = pattern(256 * 1024);
    // More than any system buffers for a connection.
    const count = 256;
    for (let i = 0; i < count; i++) client.connection.write(piece);
    await turn();
    assert.ok(
      client.connection.pendingBytes > BACKLOG_MARK,
      `${client.connection.pendingBytes} bytes pending`,
    );
    assert.deepEqual(client.heard.events, []);
    server.connection.start(server.heard);
    await client.heard.event('drained');
    assert.equal(client.connection.pendingBytes, 0);
    const received = await server.heard.size(count * piece.length);
    for (let i = 0; i < count; i++) same(received.subarray(i * piece.length, (i + 1) * piece.length), piece);
    assert.deepEqual(client.heard.events, ['drained']);
  });

  test('sends what is pending before it closes', async (world) => {
    const [client, server] = await world.pair();
    const bytes = pattern(8_000_000);
    client.connection.write(bytes);
    client.connection.close();
    client.connection.close();
    await server.heard.event('end');
    same(server.heard.bytes, bytes);
    await client.heard.event('closed');
    assert.equal(client.connection.closed, true);
    server.connection.close();
    await server.heard.event('closed');
    assert.deepEqual(client.heard.events, ['closed']);
    assert.equal(client.connection.pendingBytes, 0);
  });

  test('loses nothing that was written before it closes, though bytes of the peer are unread', async (world) => {
    const [client, server] = await world.pair('late');
    const bytes = pattern(8_000_000);
    client.connection.write(pattern(100_000));
    for (let i = 0; i < 20; i++) await turn();
    client.connection.pause();
    server.connection.write(bytes);
    server.connection.close();
    client.connection.write(pattern(100_000));
    for (let i = 0; i < 20; i++) await turn();
    client.connection.resume();
    await client.heard.event('end');
    same(client.heard.bytes, bytes);
  });

  test('throws away what comes after it was closed', async (world) => {
    const [client, server] = await world.pair();
    client.connection.pause();
    server.connection.write(pattern(8_000_000));
    server.connection.close();
    client.connection.write(text('too late'));
    for (let i = 0; i < 20; i++) await turn();
    client.connection.resume();
    await server.heard.event('closed');
    assert.equal(server.heard.received, 0);
    assert.deepEqual(server.heard.events, ['closed']);
  });

  test('closes even while the peer goes on sending', async (world) => {
    const [client, server] = await world.pair();
    client.heard.onData = () => client.connection.write(pattern(1000));
    server.heard.onData = (chunk) => server.connection.write(chunk.slice());
    client.connection.write(pattern(1000));
    await server.heard.size(10_000);
    server.connection.close();
    const seen = server.heard.received;
    await server.heard.event('closed');
    await client.heard.until('the end', () => client.heard.events.length > 0);
    assert.deepEqual(server.heard.events, ['closed']);
    assert.equal(server.heard.received, seen);
  });

  test('is cut off when the peer does not take what is pending in time', async (world) => {
    const [client] = await world.pair('late');
    for (let i = 0; i < 256; i++) client.connection.write(pattern(256 * 1024));
    await turn();
    client.connection.close(50);
    await client.heard.event('closed');
    assert.deepEqual(client.heard.events, ['closed']);
    assert.equal(client.connection.pendingBytes, 0);
  });

  test('is over at once when it is destroyed, and says so afterwards', async (world) => {
    const [client, server] = await world.pair();
    client.connection.write(text('lost'));
    client.connection.destroy();
    client.connection.destroy();
    assert.equal(client.connection.closed, true);
    assert.equal(client.connection.pendingBytes, 0);
    assert.deepEqual(client.heard.events, []);
    await client.heard.event('closed');
    await server.heard.event('end');
    client.connection.write(text('ignored'));
    client.connection.writeFrame(text('ignored'), 2);
    client.connection.end();
    client.connection.close();
    client.connection.pause();
    client.connection.resume();
    assert.equal(client.connection.pendingBytes, 0);
    await turn();
    assert.deepEqual(client.heard.events, ['closed']);
    assert.equal(server.heard.received, 0);
  });

  test('tells a receiver that comes after the end that it is closed', async (world) => {
    const [client] = await world.pair();
    client.connection.destroy();
    await client.heard.event('closed');
    const late = new RecordingReceiver();
    client.connection.start(late);
    assert.deepEqual(late.events, []);
    await late.event('closed');
    await turn();
    assert.deepEqual(late.events, ['closed']);
  });

  test('calls a receiver only from the event loop', async (world) => {
    const [client, server] = await world.pair();
    let depth = 0;
    let nested = 0;
    const inside = (receiver: RecordingReceiver, other: Connection): void => {
      for (const method of ['data', 'end', 'drained', 'closed'] as const) {
        const original = receiver[method].bind(receiver) as (chunk: Uint8Array) => void;
        receiver[method] = (chunk?: Uint8Array) => {
          if (depth++ > 0) nested += 1;
          original(chunk as Uint8Array);
          if (method === 'data') {
            other.write(text('x'));
            other.end();
          }
          depth -= 1;
        };
      }
    };
    inside(client.heard, client.connection);
    inside(server.heard, server.connection);
    client.connection.write(text('go'));
    await Promise.all([client.heard.event('closed'), server.heard.event('closed')]);
    assert.equal(nested, 0);
  });

  test('reports a peer that went away with bytes unread', async (world) => {
    const [client, server] = await world.pair('late');
    client.connection.write(text('never read'));
    for (let i = 0; i < 20; i++) await turn();
    server.connection.destroy();
    // Some systems tell at once, some when something is written.
    const timer = setInterval(() => client.connection.write(text('more')), 1);
    await client.heard.event('closed').finally(() => clearInterval(timer));
    assert.deepEqual(
      client.heard.events.filter((event) => event !== 'end'),
      ['error ERR_CONNECTION_RESET', 'closed'],
    );
    assert.match(client.heard.errors[0]?.message ?? '', /reset|Broken pipe|closed/);
  });
}
