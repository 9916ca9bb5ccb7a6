import { defineRoom } from '@skynet/player';
import { STEP, stepBody } from '../servers.ts';
import { pushes } from './player.ts';

export default defineRoom({ pushes, tick: `${STEP}ms` }, (_skynet, room) => ({
  tick: () => room.broadcast('step', stepBody()),
}));
