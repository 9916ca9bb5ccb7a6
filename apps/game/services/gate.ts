// Serves the players' connections: `gate <login server>`, then `open`, which tells where it listens.
import { defineService } from '@skynet/core';
import { startGateserver } from '@skynet/gateserver';
import { startMsgServer } from '@skynet/msgserver';
import { startPlayers } from '@skynet/player';

export default defineService((skynet, ...logins: string[]) => {
  startPlayers(skynet, {
    messages: (handlers) => startMsgServer(skynet, startGateserver, handlers),
    player: 'player',
    logins,
  });
});
