import { base64decode, base64encode } from '@skynet/core/crypt';
import { readPlainOptions } from '@skynet/core/options';
import { classicSuite } from './classic-suite.ts';
import { Deadline } from './deadline.ts';
import { ClientError, shown } from './errors.ts';
import { LineReader } from './line-reader.ts';
import type { Dial, Stream } from './stream.ts';
import type { LoginSuite } from './suite.ts';

/** Milliseconds a login may take unless the caller says otherwise. */
const TIMEOUT = 10_000;

/** What {@link login} needs to know. */
export interface LoginOptions {
  /** Makes the connection to the login server. */
  dial: Dial;
  /** Name of the game server to log in at. */
  server: string;
  /** Who logs in. */
  user: string;
  /** The password, for servers that take the book's token (§14.3). */
  password?: string;
  /** The token itself, for servers that take another. Goes as UTF-8 if it is text. */
  token?: string | Uint8Array;
  /** How the secret is made. Default: the original's way, {@link classicSuite}. */
  suite?: LoginSuite;
  /** Milliseconds until it is given up. Default 10 000; 0 never. */
  timeout?: number;
  /** Gives it up. */
  signal?: AbortSignal;
}

/** What a login gives; with a `dial` of the message server it is what `connect` needs. */
export interface LoginResult {
  /** As it was given. */
  readonly user: string;
  /** Name of the game server, as it was given. */
  readonly server: string;
  /** What the login handler returned, as text. */
  readonly subid: string;
  /** 8 bytes that only client and servers know. */
  readonly secret: Uint8Array;
}

/** The book's token (§14.3): `base64(user)@base64(server):base64(password)`. */
export function tokenOf(user: string, server: string, password: string): string {
  return `${base64encode(user)}@${base64encode(server)}:${base64encode(password)}`;
}

/**
 * Logs in at a login server (book §14).
 * @throws ERR_CLIENT_LOGIN when it refuses (`details.status`: 400, 401, 403, 406), ERR_CLIENT_SERVER when it does not
 * speak the protocol or cannot prove who it is, ERR_CLIENT_CONNECT, ERR_CLIENT_TIMEOUT, ERR_CLIENT_ABORTED,
 * ERR_CLIENT_ARGUMENT.
 */
export async function login(options: LoginOptions): Promise<LoginResult> {
  const { dial, server, user, token, suite, timeout, signal } = resolve(options);
  const lines = new LineReader();
  const controller = new AbortController();
  const giveUp = (error: ClientError): void => {
    lines.fail(error);
    controller.abort(error);
  };
  const onAbort = (): void =>
    giveUp(new ClientError('ERR_CLIENT_ABORTED', 'the login was given up', { cause: signal?.reason }));
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort);
  const deadline = new Deadline(timeout, () =>
    giveUp(new ClientError('ERR_CLIENT_TIMEOUT', `no login within ${timeout} ms`, { details: { timeout } })),
  );
  if (timeout > 0) deadline.start();
  let stream: Stream | undefined;
  try {
    stream = await dialed(dial, controller.signal);
    return { user, server, ...(await converse(stream, lines, suite, token)) };
  } finally {
    deadline.stop();
    signal?.removeEventListener('abort', onAbort);
    stream?.destroy();
  }
}

/** Options checked, with the token made. @throws ERR_CLIENT_ARGUMENT. */
function resolve(given: LoginOptions) {
  return readPlainOptions(
    'login option',
    given,
    (options) => {
      options.callable('dial', true);
      const server = options.text('server', undefined) ?? options.wrong('server', 'given');
      const user = options.text('user', undefined) ?? options.wrong('user', 'given');
      const signal = options.value('signal');
      if (signal !== undefined && !(signal instanceof AbortSignal)) options.wrong('signal', 'an AbortSignal');
      const suite = options.value('suite') as LoginSuite | undefined;
      if (suite !== undefined && typeof suite.start !== 'function')
        options.wrong('suite', 'what classicSuite or modernSuite gives');
      return {
        dial: given.dial,
        server,
        user,
        token: tokenBytes(options.value('token'), options.value('password'), user, server),
        suite: suite ?? classicSuite(),
        timeout: options.whole('timeout', 0, 0x7fff_ffff, TIMEOUT),
        signal: signal as AbortSignal | undefined,
      };
    },
    (message, details) => new ClientError('ERR_CLIENT_ARGUMENT', message, { details }),
  );
}

/** Neither is shown when it is wrong. */
function tokenBytes(token: unknown, password: unknown, user: string, server: string): Uint8Array {
  if (token instanceof Uint8Array) return token;
  if (typeof token === 'string') return new TextEncoder().encode(token);
  if (token === undefined && typeof password === 'string')
    return new TextEncoder().encode(tokenOf(user, server, password));
  throw new ClientError('ERR_CLIENT_ARGUMENT', 'a login needs a password or a token', {
    details: { key: token === undefined ? 'password' : 'token' },
  });
}

/** @throws ERR_CLIENT_CONNECT, or what the signal was aborted with. */
async function dialed(dial: Dial, signal: AbortSignal): Promise<Stream> {
  signal.throwIfAborted();
  let stream: Stream;
  try {
    stream = await dial(signal);
  } catch (cause) {
    signal.throwIfAborted();
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new ClientError('ERR_CLIENT_CONNECT', `no connection to the login server: ${text}`, { cause });
  }
  if (!signal.aborted) return stream;
  stream.destroy();
  throw signal.reason;
}

async function converse(
  stream: Stream,
  lines: LineReader,
  suite: LoginSuite,
  token: Uint8Array,
): Promise<{ subid: string; secret: Uint8Array }> {
  const over = (cause?: Error): void =>
    lines.fail(new ClientError('ERR_CLIENT_SERVER', 'the login server hung up', { cause }));
  stream.start({
    data: (chunk) => lines.push(chunk),
    end: () => over(),
    drained: () => {},
    error: (error) => over(error),
    closed: () => over(),
  });
  const send = (line: string): void => stream.write(new TextEncoder().encode(`${line}\n`));
  const conversation = await suite.start(await lines.next());
  send(conversation.greeting);
  const answer = await lines.next();
  // A server that does not like the greeting says so at once.
  if (/^\d{3} /.test(answer)) throw refused(answer);
  for (const line of await conversation.prove(answer, token)) send(line);
  const status = await conversation.status(await lines.next());
  const match = /^200 (.*)$/.exec(status);
  if (match === null) throw refused(status);
  return { subid: subidOf(match[1] ?? ''), secret: conversation.secret };
}

function refused(status: string): ClientError {
  const code = Number(/^\d{3}/.exec(status)?.[0] ?? Number.NaN);
  if (Number.isNaN(code)) return new ClientError('ERR_CLIENT_SERVER', `not a status: "${shown(status)}"`);
  return new ClientError('ERR_CLIENT_LOGIN', `login refused: ${shown(status)}`, {
    details: { status: code },
  });
}

function subidOf(text: string): string {
  try {
    return new TextDecoder().decode(base64decode(text));
  } catch (cause) {
    throw new ClientError('ERR_CLIENT_SERVER', 'the subid is not base64', { cause });
  }
}
