import { defineConfig } from '@skynet/core';
import { ws } from '@skynet/core/ws';

/** A port from the environment, or the usual one. */
function port(name: string, usual: number): number {
  const text = process.env[name];
  if (text === undefined || text === '') return usual;
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0 || number > 65535)
    throw new Error(`${name} must be a port, 0 to 65535, not ${JSON.stringify(text)}`);
  return number;
}

/** What the game's services read by `getenv`. */
interface Own {
  host: string;
  password: string;
  webPort: number;
  wsPort: number;
}

export default defineConfig<Own>({
  start: 'main',
  services: ['./services/?'],
  transports: [ws()],
  // Other machines are served when they are asked for.
  host: process.env.GAME_HOST || '127.0.0.1',
  // Anybody who knows it may play, under any name.
  password: process.env.GAME_PASSWORD || 'password',
  webPort: port('GAME_WEB_PORT', 8080),
  wsPort: port('GAME_WS_PORT', 8081),
});
