// What a player may ask: one such service for each of them, from the first login on until they are away for a minute.
import { definePlayer, number, request, type Seat, shape, text } from '@skynet/player';
import { pushes } from '../pushes.ts';
import type room from './room.ts';

export default definePlayer({ pushes, errors: ['NO_ROOM'] }, (_skynet, player) => {
  let seat: Seat<typeof room> | undefined;

  const inRoom = (): Seat<typeof room> => {
    if (seat === undefined) throw player.refuse('NO_ROOM', 'join a room first');
    return seat;
  };

  return {
    /** Goes into a room, and leaves the one before. */
    join: request(text({ min: 1, max: 20 }), async (name) => {
      if (seat?.name !== name) await seat?.leave();
      const mine = await player.join<typeof room>('room', name);
      mine.onLeft(() => {
        if (seat === mine) seat = undefined;
      });
      seat = mine;
      return { you: player.uid, dots: await mine.call.dots() };
    }),
    /** Where the player wants to be. */
    steer: request(shape({ x: number({ min: 0, max: 1 }), y: number({ min: 0, max: 1 }) }), ({ x, y }) =>
      inRoom().send.steer(x, y),
    ),
    say: request(text({ min: 1, max: 200 }), (words) => inRoom().call.say(words)),
    leave: request(() => inRoom().leave()),
    logout: request(() => player.logout()),
  };
});
