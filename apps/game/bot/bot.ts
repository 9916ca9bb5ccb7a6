// A player without a page: `node bot.ts [name] [room]` wanders about and greets whoever comes.
import { createTransports } from '@skynet/core/transport';
import { ws } from '@skynet/core/ws';
import { connect, login } from '@skynet/msgserver/client';
import { dialer } from '@skynet/msgserver/client/node';
import { connectPlayer } from '@skynet/player/client';
import type player from '../services/player.ts';

const [user = 'bot', room = 'lobby'] = process.argv.slice(2);
const base = process.env['GAME_URL'] ?? `ws://127.0.0.1:${process.env['GAME_WS_PORT'] ?? 8081}`;
const password = process.env['GAME_PASSWORD'] ?? 'password';
const transports = createTransports([ws()]);

const bot = await connectPlayer<typeof player>({
  login: (signal) =>
    login({ dial: dialer(`${base}/login`, transports), server: 'game', user, password, signal }),
  connect: (options) => connect({ ...options, dial: dialer(`${base}/game`, transports) }),
  on: {
    said: ({ from, text }) => {
      console.log(from === '' ? text : `${from}: ${text}`);
      const [, guest] = /^(.+) is here$/.exec(text) ?? [];
      if (from === '' && guest !== undefined && guest !== user) greet(guest);
    },
    lost: () => console.log('connection lost'),
    resumed: ({ fresh }) => {
      console.log('back');
      if (fresh) enter();
    },
    kicked: ({ reason, text }) => stop(`${reason}: ${text}`),
    failed: (error) => stop(error.message),
  },
});

function complain(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
}

function greet(guest: string): void {
  bot.request.say(`hello ${guest}`).catch(complain);
}

function enter(): void {
  bot.request.join(room).catch(complain);
}

function stop(why: string): void {
  console.log(why);
  clearInterval(walk);
}

const walk = setInterval(() => {
  bot.request.steer({ x: Math.random(), y: Math.random() }).catch(complain);
}, 2000);
process.once('SIGINT', () => {
  bot.close();
  stop('bye');
});
await bot.request.join(room);
console.log(`${user} is in ${room}`);
