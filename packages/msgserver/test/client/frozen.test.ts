import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { connect, type MsgClient } from '@skynet/msgserver/client';
import { dialer } from '@skynet/msgserver/client/node';
import { expect, onTestFinished, test } from 'vitest';

/** A message server that is not frozen along with the test: accepts everybody, answers each request after a while. */
const SERVER = `
  const { createServer } = require('node:net');
  const { parentPort } = require('node:worker_threads');
  const frame = (payload) => Buffer.concat([Buffer.from([payload.length >> 8, payload.length & 255]), payload]);
  const server = createServer((socket) => {
    let bytes = Buffer.alloc(0);
    let greeted = false;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE(0)) {
        const payload = bytes.subarray(2, 2 + bytes.readUInt16BE(0));
        bytes = bytes.subarray(2 + payload.length);
        if (greeted) {
          const answer = Buffer.concat([payload.subarray(0, -4), Buffer.from([1]), payload.subarray(-4)]);
          setTimeout(() => socket.write(frame(answer)), 100);
        } else socket.write(frame(Buffer.from('200 OK')));
        greeted = true;
      }
    });
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

async function joined(options: { silence?: number; requestTimeout?: number }): Promise<MsgClient> {
  const worker = new Worker(SERVER, { eval: true });
  onTestFinished(async () => void (await worker.terminate()));
  const [port] = (await once(worker, 'message')) as [number];
  const client = await connect({
    dial: dialer(`127.0.0.1:${port}`),
    user: 'anna',
    server: 'sample',
    subid: 1,
    secret: Buffer.from('12345678'),
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

/** Holds the thread in the check phase: timers come next, then sockets, as when a browser wakes a page. */
async function freeze(milliseconds: number): Promise<void> {
  await new Promise<void>((resolve) =>
    setImmediate(() => {
      const end = performance.now() + milliseconds;
      while (performance.now() < end);
      resolve();
    }),
  );
}

test('a connection is kept whose answer came while the host was frozen', async () => {
  const client = await joined({ silence: 2500 });
  let lost = 0;
  client.on('disconnected', () => lost++);
  const answer = client.request('hello');
  await freeze(3000);
  expect(Buffer.from(await answer).toString()).toBe('hello');
  expect(lost).toBe(0);
});

test('a request succeeds whose answer came while the host was frozen', async () => {
  const client = await joined({ requestTimeout: 2500 });
  const answer = client.request('hello');
  await freeze(3000);
  expect(Buffer.from(await answer).toString()).toBe('hello');
});
