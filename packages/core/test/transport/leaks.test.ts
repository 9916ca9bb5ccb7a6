import { setImmediate as turn } from 'node:timers/promises';
import { RecordingReceiver } from '@skynet/core/testing';
import { createTransports, tcp } from '@skynet/core/transport';
import { describe, expect, it } from 'vitest';

/** Open sockets of this process. */
function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => /^(TCP|Pipe)(Socket|Server)?Wrap$/.test(name))
    .length;
}

const before = openSockets();

describe.each([
  ['native handles', {}],
  ['net.Socket', { native: false }],
])('tcp over %s', (_, options) => {
  const transports = createTransports([tcp(options)]);

  it('leaves nothing open', async () => {
    let over = 0;
    const listener = await transports.listen('127.0.0.1:0', {}, (connection) => {
      const heard = new RecordingReceiver();
      heard.onData = (chunk) => connection.write(chunk);
      connection.start(heard);
      void heard.event('end').then(() => connection.close());
      void heard.event('closed').then(() => over++);
    });
    const clients = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const connection = await transports.connect(listener.url);
        const heard = new RecordingReceiver();
        connection.start(heard);
        connection.write(Buffer.from('ping'));
        await heard.size(4);
        return { connection, heard };
      }),
    );
    expect(openSockets()).toBe(before + 201);
    clients.forEach(({ connection }, i) => {
      if (i % 2 === 0) connection.close();
      else connection.destroy();
    });
    await Promise.all(clients.map(({ heard }) => heard.event('closed')));
    while (over < 100) await turn();
    await listener.close();
    while (openSockets() > before) await turn();
    expect(openSockets()).toBe(before);
  });
});
