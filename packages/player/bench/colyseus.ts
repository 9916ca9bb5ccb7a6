import type { Measure } from '../../core/bench/case.ts';
import { ROOM, startColyseus } from '../../core/bench/peers/colyseus.ts';
import { load } from './load.ts';
import { STEP, stepBody } from './servers.ts';

/** A room that sends the same to a hundred clients, twenty times a second. */
export const colyseusBroadcast: Measure = async (effort) => {
  const server = await startColyseus((room) => {
    room.clock.setInterval(() => room.broadcast('step', stepBody()), STEP);
  });
  const { spent, seconds, pushes, p99 } = await load({
    port: server.port,
    users: Array.from({ length: effort.count(100) }, (_, number) => `u${number}`),
    room: ROOM,
    seconds: effort.tiny ? 0.3 : 5,
    timed: true,
  });
  await server.stop();
  return [spent / 10_000 / seconds, p99, pushes / seconds];
};
