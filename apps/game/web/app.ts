// The page: logs in, plays, says who is there, and comes back when the connection is lost.
import { connect, login, webSocketDialer } from '@skynet/msgserver/client';
import { connectPlayer, type PlayerClient } from '@skynet/player/client';
import type { Dot } from '../pushes.ts';
import type player from '../services/player.ts';

const element = <Kind extends HTMLElement = HTMLElement>(id: string): Kind =>
  document.getElementById(id) as Kind;
const state = element('state');
const problem = element('problem');
const canvas = element<HTMLCanvasElement>('field');
const log = element('log');

const config = fetch('/config.json').then((response) => response.json()) as Promise<{
  readonly wsPort: number;
  readonly password?: string;
}>;
const dots = new Map<string, Dot>();
let me = '';
let client: PlayerClient<typeof player> | undefined;

function show(name: 'open' | 'lost' | 'closed', text: string): void {
  state.dataset['state'] = name;
  state.textContent = text;
}

function note(text: string): void {
  const line = document.createElement('li');
  line.textContent = text;
  log.append(line);
  while (log.childElementCount > 100) log.firstElementChild?.remove();
  log.scrollTop = log.scrollHeight;
}

function draw(): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.font = '14px system-ui';
  context.textAlign = 'center';
  for (const { uid, x, y } of dots.values()) {
    const hue = [...uid].reduce((sum, letter) => sum + letter.charCodeAt(0) * 37, 0) % 360;
    context.fillStyle = `hsl(${hue} 70% 50%)`;
    context.beginPath();
    context.arc(x * canvas.width, y * canvas.height, uid === me ? 10 : 7, 0, 2 * Math.PI);
    context.fill();
    context.fillText(uid, x * canvas.width, y * canvas.height - 14);
  }
}

function moved(all: readonly Dot[]): void {
  for (const dot of all) dots.set(dot.uid, dot);
  draw();
}

/** The server has forgotten what it knew of this player: the room is joined once more. */
async function join(room: string): Promise<void> {
  const answer = await client?.request.join(room);
  if (answer === undefined) return;
  me = answer.you;
  dots.clear();
  moved(answer.dots);
}

async function play(user: string, room: string, password: string): Promise<void> {
  const { wsPort } = await config;
  const base = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.hostname}:${wsPort}`;
  client = await connectPlayer<typeof player>({
    login: (signal) =>
      login({ dial: webSocketDialer(`${base}/login`), server: 'game', user, password, signal }),
    connect: (options) => connect({ ...options, dial: webSocketDialer(`${base}/game`) }),
    on: {
      connected: () => show('open', `connected as ${user}`),
      lost: () => show('lost', 'connection lost, coming back …'),
      resumed: ({ fresh }) => {
        show('open', `connected as ${user}`);
        if (fresh) join(room).catch((error: unknown) => note(String(error)));
      },
      kicked: ({ text }) => show('closed', `It is over: ${text}`),
      failed: (error) => show('closed', `It is over: ${error.message}`),
      said: ({ from, text }) => note(from === '' ? text : `${from}: ${text}`),
      moved,
      gone: (uid) => {
        dots.delete(uid);
        draw();
      },
    },
  });
  await join(room);
}

element('enter').addEventListener('submit', async (event) => {
  event.preventDefault();
  problem.hidden = true;
  const value = (id: string): string => element<HTMLInputElement>(id).value.trim();
  try {
    await play(value('user'), value('room'), value('password'));
    element('enter').hidden = true;
    element('game').hidden = false;
    draw();
  } catch (error) {
    problem.textContent = error instanceof Error ? error.message : String(error);
    problem.hidden = false;
  }
});
element('chat').addEventListener('submit', (event) => {
  event.preventDefault();
  const words = element<HTMLInputElement>('words');
  const text = words.value.trim();
  words.value = '';
  if (text !== '') client?.request.say(text).catch((error: unknown) => note(String(error)));
});
canvas.addEventListener('click', ({ offsetX, offsetY }) => {
  const place = { x: offsetX / canvas.clientWidth, y: offsetY / canvas.clientHeight };
  client?.request.steer(place).catch((error: unknown) => note(String(error)));
});
element('drop').addEventListener('click', () => client?.drop());
element('logout').addEventListener('click', () => {
  client?.request.logout().catch((error: unknown) => note(String(error)));
});
void config.then(({ password }) => {
  element<HTMLInputElement>('password').value ||= password ?? '';
});
