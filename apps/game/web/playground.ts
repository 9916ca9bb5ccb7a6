// A page for developing: shows what a player may ask, asks it, and writes down what comes. Served while developing only.
import { connect, login, webSocketDialer } from '@skynet/msgserver/client';
import { connectPlayer, type PlayerClient, type PlayerError } from '@skynet/player/client';
import type player from '../services/player.ts';

/** What the server answers to the request `?` while developing. */
interface Description {
  readonly requests: readonly { readonly name: string; readonly input: string }[];
  readonly pushes: readonly { readonly name: string; readonly value: string }[];
  readonly errors: readonly string[];
}

/** A player whose requests are known when the page runs. */
type Requests = Readonly<Record<string, (input?: unknown) => Promise<unknown>>>;

const EVENTS = ['connected', 'lost', 'resumed', 'kicked', 'missed', 'failed'] as const;
const LINES = 200;

const element = <Kind extends HTMLElement = HTMLElement>(id: string): Kind =>
  document.getElementById(id) as Kind;
const name = element<HTMLSelectElement>('name');
const input = element<HTMLInputElement>('input');
const problem = element('problem');
const state = element('state');
const log = element('log');

const config = fetch('/config.json').then((response) => response.json()) as Promise<{
  readonly wsPort: number;
  readonly password?: string;
}>;
let client: PlayerClient<typeof player> | undefined;
let description: Description = { requests: [], pushes: [], errors: [] };

function note(kind: string, text: string): void {
  const line = document.createElement('li');
  line.dataset['kind'] = kind;
  line.textContent = `${new Date().toLocaleTimeString()} ${text}`;
  log.prepend(line);
  while (log.childElementCount > LINES) log.lastElementChild?.remove();
}

function shown(value: unknown): string {
  return (
    JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part)) ??
    'nothing'
  );
}

function showState(): void {
  const now = client?.state ?? 'closed';
  state.dataset['state'] = now;
  state.textContent = {
    connecting: 'connecting …',
    open: 'connected',
    lost: 'connection lost, coming back …',
    closed: 'not connected',
  }[now];
}

function showTaken(): void {
  element('takes').textContent = description.requests.find((one) => one.name === name.value)?.input ?? '';
}

function askable(): Requests {
  return client?.request as unknown as Requests;
}

/** Learns what there is, and listens to all of it. */
async function learn(): Promise<void> {
  description = (await askable()['?']?.()) as Description;
  name.replaceChildren(...description.requests.map((request) => new Option(request.name)));
  element('pushes').textContent = description.pushes.map((push) => `${push.name}: ${push.value}`).join('; ');
  showTaken();
  for (const push of description.pushes)
    client?.on(push.name as 'said', (value) => note('push', `${push.name} ${shown(value)}`));
}

async function enter(user: string, password: string): Promise<void> {
  const { wsPort } = await config;
  const base = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.hostname}:${wsPort}`;
  client = await connectPlayer<typeof player>({
    login: (signal) =>
      login({ dial: webSocketDialer(`${base}/login`), server: 'game', user, password, signal }),
    connect: (options) => connect({ ...options, dial: webSocketDialer(`${base}/game`) }),
  });
  for (const event of EVENTS)
    client.on(event, (told: unknown) => {
      note(
        'event',
        `${event} ${told instanceof Error ? told.message : told === undefined ? '' : shown(told)}`,
      );
      showState();
      if (event === 'kicked' || event === 'failed') leave();
    });
  showState();
  await learn();
}

function leave(): void {
  client?.close();
  showState();
  element('player').hidden = true;
  element('enter').hidden = false;
}

element('enter').addEventListener('submit', async (event) => {
  event.preventDefault();
  problem.hidden = true;
  try {
    await enter(element<HTMLInputElement>('user').value.trim(), element<HTMLInputElement>('password').value);
    element('enter').hidden = true;
    element('player').hidden = false;
  } catch (error) {
    problem.textContent = error instanceof Error ? error.message : String(error);
    problem.hidden = false;
  }
});
element('ask').addEventListener('submit', async (event) => {
  event.preventDefault();
  const asked = name.value;
  const text = input.value.trim();
  let value: unknown;
  try {
    value = text === '' ? undefined : JSON.parse(text);
  } catch {
    note('error', `${text} is no JSON: text stands in quotes, "like this"`);
    return;
  }
  const before = performance.now();
  try {
    const answer = await askable()[asked]?.(value);
    note('answer', `${asked} → ${shown(answer)} (${(performance.now() - before).toFixed(1)} ms)`);
  } catch (error) {
    const { code, message, details } = error as PlayerError;
    note('error', `${asked} → ${code ?? ''} ${message}${details === undefined ? '' : ` ${shown(details)}`}`);
  }
});
name.addEventListener('change', showTaken);
element('drop').addEventListener('click', () => client?.drop());
element('close').addEventListener('click', leave);
void config.then(({ password }) => {
  element<HTMLInputElement>('password').value ||= password ?? '';
});
