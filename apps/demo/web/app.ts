// The page: logs in, sends requests, drops its connection on purpose.
import { ClientError, connect, login, type MsgClient, webSocketDialer } from '@skynet/msgserver/client';

/** Name of the message server. */
const SERVER = 'sample';
/** Lines the log keeps. */
const LOG_LINES = 100;
/** Milliseconds between the drops of the storm. */
const STORM = 400;

const element = <Kind extends HTMLElement = HTMLElement>(id: string): Kind =>
  document.getElementById(id) as Kind;
const decoder = new TextDecoder();
const ui = {
  login: element<HTMLFormElement>('login'),
  user: element<HTMLInputElement>('user'),
  password: element<HTMLInputElement>('password'),
  loginError: element('login-error'),
  passwordHint: element('password-hint'),
  game: element('game'),
  play: element<HTMLFieldSetElement>('play'),
  logout: element<HTMLButtonElement>('logout'),
  state: element('state'),
  stateText: element('state-text'),
  sent: element('sent'),
  answered: element('answered'),
  counted: element('counted'),
  verdict: element('verdict'),
  say: element<HTMLFormElement>('say'),
  text: element<HTMLInputElement>('text'),
  log: element('log'),
};

/** What the page's server tells: the password too, while everybody knows it. */
const config = fetch('/config.json').then((response) => response.json()) as Promise<{
  readonly wsPort: number;
  readonly password?: string;
}>;
let client: MsgClient | undefined;
const counts = { sent: 0, answered: 0, counted: 0, drops: 0 };

function note(text: string): void {
  const line = document.createElement('li');
  const time = document.createElement('time');
  time.textContent = new Date().toLocaleTimeString();
  line.append(time, text);
  ui.log.prepend(line);
  while (ui.log.childElementCount > LOG_LINES) ui.log.lastElementChild?.remove();
}

function textOf(error: unknown): string {
  if (error instanceof ClientError && error.code === 'ERR_CLIENT_LOGIN' && error.details?.['status'] === 401)
    return 'Wrong password.';
  return error instanceof Error ? error.message : String(error);
}

/** The login is over: nothing can be done here but to log in again. */
function showEnd(why: string): void {
  client?.close();
  showState('closed', `It is over: ${why}`);
  note(`It is over: ${why}`);
  ui.play.disabled = true;
  ui.logout.textContent = 'Log in again';
}

/** What ends a login by itself, in words. */
function whyOf(error: ClientError): string {
  return error.details?.['status'] === 404 ? 'you are not logged in any more' : error.message;
}

/** What the server sends unasked: a word that says what it is, and a text. */
function heard(content: Uint8Array): void {
  const [word = '', ...rest] = decoder.decode(content).split(' ');
  if (word === 'over') showEnd(rest.join(' '));
  else note(`The server says: ${rest.join(' ')}`);
}

function showState(state: 'open' | 'connecting' | 'closed', text: string): void {
  ui.state.dataset['state'] = state;
  ui.stateText.textContent = text;
}

function showCounts(): void {
  ui.sent.textContent = String(counts.sent);
  ui.answered.textContent = String(counts.answered);
  ui.counted.textContent = String(counts.counted);
  const settled = counts.sent > 0 && counts.answered === counts.sent;
  ui.verdict.hidden = !settled;
  if (!settled) return;
  const good = counts.counted === counts.sent;
  ui.verdict.dataset['good'] = String(good);
  const drops = counts.drops === 1 ? 'one drop' : `${counts.drops} drops`;
  ui.verdict.textContent = good
    ? `All there after ${drops}: nothing lost, nothing done twice.`
    : 'Something is missing, or was done twice.';
}

async function add(): Promise<void> {
  counts.sent++;
  showCounts();
  try {
    const total = Number(decoder.decode(await client?.request('add 1')));
    counts.answered++;
    counts.counted = Math.max(counts.counted, total);
  } catch (error) {
    note(`A request failed: ${textOf(error)}`);
  }
  showCounts();
}

function addMany(count: number): void {
  for (let i = 0; i < count; i++) void add();
}

async function say(line: string): Promise<void> {
  try {
    note(`${line} → ${decoder.decode(await client?.request(line))}`);
  } catch (error) {
    note(`${line} → failed: ${textOf(error)}`);
  }
}

async function enter(user: string, password: string): Promise<void> {
  const { wsPort } = await config;
  const base = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.hostname}:${wsPort}`;
  const ticket = await login({ dial: webSocketDialer(`${base}/login`), user, password, server: SERVER });
  client = await connect({
    ...ticket,
    dial: webSocketDialer(`${base}/game`),
    queue: 10_000,
    // Slow enough to be seen.
    backoff: { first: 800, max: 5000 },
    on: {
      connected: ({ index }) => showState('open', `Connected as ${user}, connection ${index}`),
      reconnected: ({ index, repeated }) => {
        showState('open', `Connected as ${user}, connection ${index}`);
        note(`Back with connection ${index}; ${repeated} requests sent once more`);
      },
      disconnected: () => {
        counts.drops++;
        showState('connecting', 'Connection lost, coming back …');
        note('The connection is gone');
      },
      failed: (error) => showEnd(whyOf(error)),
      push: heard,
      missed: ({ count }) => note(`${count} pushes were missed`),
    },
  });
}

ui.login.addEventListener('submit', async (event) => {
  event.preventDefault();
  ui.loginError.hidden = true;
  try {
    await enter(ui.user.value.trim(), ui.password.value);
    ui.login.hidden = true;
    ui.game.hidden = false;
    showCounts();
  } catch (error) {
    ui.loginError.textContent = textOf(error);
    ui.loginError.hidden = false;
  }
});

ui.say.addEventListener('submit', (event) => {
  event.preventDefault();
  const line = ui.text.value.trim();
  if (line !== '') void say(line);
  ui.text.value = '';
});

element('send-1').addEventListener('click', () => addMany(1));
element('send-100').addEventListener('click', () => addMany(100));
element('drop').addEventListener('click', () => {
  if (client?.state === 'open') client.drop();
});
element('storm').addEventListener('click', () => {
  for (let i = 0; i < 5; i++) {
    setTimeout(() => {
      addMany(100);
      // While they are on their way; the second call does not wait for the next attempt.
      setTimeout(() => {
        if (client?.state === 'open') client.drop();
        client?.drop();
      }, 4);
    }, i * STORM);
  }
});
ui.logout.addEventListener('click', async () => {
  ui.play.disabled = true;
  await client?.request('quit', { timeout: 2000 }).catch(() => {});
  client?.close();
  location.reload();
});
void config.then(({ password }) => {
  if (password === undefined) return;
  ui.password.value ||= password;
  ui.passwordHint.hidden = false;
});
// A phone that wakes up should not wait for its next attempt.
window.addEventListener('online', () => client?.drop());
