import { once } from 'node:events';
import { connect } from 'node:net';
import { RecordingReceiver } from '@skynet/core/testing';
import { createTransports } from '@skynet/core/transport';
import { ws } from '@skynet/core/ws';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const UPGRADE = [
  'GET / HTTP/1.1',
  'host: x',
  'connection: Upgrade',
  'upgrade: websocket',
  'sec-websocket-version: 13',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
  '',
  '',
].join('\r\n');

/** A frame as a client may write it, with fields of its choice. */
const frame = fc
  .record({
    first: fc.nat(255),
    masked: fc.boolean(),
    announced: fc.nat(127),
    rest: fc.uint8Array({ maxLength: 24 }),
  })
  .map(({ first, masked, announced, rest }) => Buffer.from([first, (masked ? 128 : 0) | announced, ...rest]));

describe('whatever a client of a ws listener sends', () => {
  it('the listener lives on, and connections end with one word at most', async () => {
    const heard: RecordingReceiver[] = [];
    const transports = createTransports([ws({ maxPayload: 4096, handshakeTimeout: 1000 })]);
    const listener = await transports.listen('ws://127.0.0.1:0', {}, (connection) => {
      const receiver = new RecordingReceiver();
      heard.push(receiver);
      connection.start(receiver);
    });
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(frame, { maxLength: 6 }), async (upgrade, frames) => {
        const client = connect(listener.port, '127.0.0.1').on('error', () => {});
        client.end(Buffer.concat([Buffer.from(upgrade ? UPGRADE : ''), ...frames]));
        client.resume();
        await once(client, 'close');
      }),
      { numRuns: 150 },
    );
    for (const receiver of heard) {
      await receiver.event('closed');
      const errors = receiver.events.filter((event) => event.startsWith('error'));
      expect(errors.length).toBeLessThan(2);
      expect(receiver.events.filter((event) => event === 'closed')).toHaveLength(1);
      expect(receiver.events.at(-1)).toBe('closed');
    }
    expect(heard.length).toBeGreaterThan(20);
    const good = await transports.connect(listener.url);
    expect(good.closed).toBe(false);
    good.destroy();
    await listener.close();
  });
});
