import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { until } from '@skynet/core/testing';
import { expect, test } from 'vitest';
import { connectClient, startTestGate, startTestNode, type TestGate } from './harness.ts';

/** Descriptors of this process. Alone in its file: tests before it would still be closing theirs. */
function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

/** Seven clients, each with an end of its own; resolves when both sides are done with them. */
async function comeAndGo(gate: TestGate): Promise<void> {
  const before = gate.events.all.length;
  const clients = await Promise.all(Array.from({ length: 7 }, () => connectClient(gate.port)));
  const [ends, resets, kicked, tooLong, half, mute, silent] = clients;
  ends?.socket.end();
  resets?.socket.resetAndDestroy();
  kicked?.send('kick me');
  tooLong?.send('x'.repeat(65));
  half?.socket.end(Buffer.from([0, 9, 1]));
  mute?.socket.destroy();
  silent?.send('say nothing'); // and the idle limit ends it
  for (const { socket } of clients) socket.resume();
  await Promise.all(clients.map(({ socket }) => (socket.closed ? undefined : once(socket, 'close'))));
  const told = (event: string): number =>
    gate.events.all.slice(before).filter(([name]) => name === event).length;
  // The gate does not hear of one that was reset before it was accepted.
  await gate.events.find(
    () => told('disconnect') >= clients.length - 1 && told('disconnect') === told('connect'),
  );
  await until(() => gate.server.count === 0);
}

test('none is left behind, however connections end', async () => {
  const node = await startTestNode();
  const gate = await startTestGate(node, { limits: { maxFrame: 64, idle: '60ms' } }, (server) => ({
    message(fd, bytes) {
      if (Buffer.from(bytes).toString() === 'kick me') server.closeClient(fd);
    },
  }));
  await comeAndGo(gate);
  const before = descriptors();
  for (let round = 0; round < 10; round++) await comeAndGo(gate);
  // Fewer is no matter: what the test runner had open may have gone meanwhile.
  expect(descriptors()).toBeLessThanOrEqual(before);
});
