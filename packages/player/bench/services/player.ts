import { definePlayer, push, request, text } from '@skynet/player';
import { PUSHES, WORDS } from '../servers.ts';

export const pushes = { said: push<string>(), step: push<readonly [moment: number, rest: string]>() };

export default definePlayer({ pushes, rate: 0 }, (_skynet, player) => ({
  upper: request(text({ max: 200 }), (words) => words.toUpperCase()),
  push: request(() => {
    for (let i = 0; i < PUSHES; i++) player.push('said', WORDS);
  }),
  join: request(async () => {
    await player.join('room', 'lobby');
  }),
}));
