import { isSkynetError, type Skynet, startNode } from '@skynet/core';
import { type ChannelSource, createChannel } from '@skynet/socket';
import type { Family } from '../family.ts';
import { bytesOf, errorText, type Typed, typedBytes, typedList } from '../typed.ts';

interface Step {
  readonly op: 'request' | 'response' | 'sleep' | 'close' | 'connect' | 'changehost' | 'auths' | 'parallel';
  readonly send?: string;
  readonly parts?: readonly { readonly s: unknown }[];
  readonly read?: number;
  readonly noanswer?: boolean;
  readonly session?: number | string;
  readonly cs?: number;
  readonly to?: number;
  readonly at?: number;
  readonly steps?: readonly Step[];
}

interface Row {
  readonly mode: 'order' | 'session';
  readonly servers: readonly unknown[];
  readonly steps: readonly Step[];
  readonly auth?: boolean;
  readonly backup?: boolean;
}

type Source = ChannelSource<'latin1'>;
/** Both kinds of channel, as far as rows use them. */
interface AnyChannel {
  request(data: string, response?: unknown, parts?: readonly Uint8Array[]): Promise<unknown>;
  response(response: unknown): Promise<unknown>;
  connect(once?: boolean): Promise<void>;
  close(): void;
  changeHost(host: string, port?: number): void;
}

const HOST = '127.0.0.1';
/** Hundredths of a second after which a step counts as waiting. */
const PATIENCE = 500;
const CHANNEL_ERRORS = ['ERR_CHANNEL_CONNECT', 'ERR_CHANNEL_LOST', 'ERR_CHANNEL_CLOSED'] as const;

/** A request channel against the servers of the rows, which listen on `port`, `port + 1`, … */
export const run: Family = async (file, { port: base }) => {
  if (base === undefined) throw new Error('the servers need a --port');
  const node = await startNode({ watchdog: false }, { onLog: () => {} });
  const results: unknown[] = [];
  let port = base;
  for (const row of file.rows as unknown as Row[]) {
    results.push(await node.run((skynet) => runRow(skynet, row, port)));
    port += row.servers.length;
  }
  await node.stop();
  return results;
};

async function runRow(skynet: Skynet, row: Row, port: number): Promise<unknown[]> {
  let auths = 0;
  const others = row.backup
    ? row.servers.slice(1).map((_, index) => ({ host: HOST, port: port + 1 + index }))
    : [];
  const options = {
    host: HOST,
    port,
    backup: others,
    encoding: 'latin1' as const,
    ...(row.auth
      ? {
          auth: async (channel: { request(data: string, response: unknown): Promise<unknown> }) => {
            auths++;
            const key = row.mode === 'order' ? readLine : 'auth';
            if ((await channel.request('auth\n', key)) !== 'welcome') throw new Error('not welcome');
          },
        }
      : {}),
  };
  const channel = (
    row.mode === 'order'
      ? createChannel(skynet, options)
      : createChannel(skynet, { ...options, response: readSession })
  ) as AnyChannel;
  const results: unknown[] = [];
  for (const step of row.steps) results.push(await runStep(step));
  channel.close();
  return results;

  async function runStep(step: Step): Promise<unknown> {
    if (step.op === 'parallel') return parallel(step.steps ?? []);
    if (step.op === 'auths') return { i: String(auths) };
    if (step.op === 'sleep') {
      await skynet.sleep(step.cs ?? 0);
      return null;
    }
    try {
      return { ok: typed(await skynet.await(work(step), { timeout: PATIENCE })) };
    } catch (error) {
      if (isSkynetError(error, 'ERR_TIMEOUT')) return 'waits';
      return { err: CHANNEL_ERRORS.some((code) => isSkynetError(error, code)) ? 'socket' : errorText(error) };
    }
  }

  async function parallel(steps: readonly Step[]): Promise<unknown> {
    const finished: number[] = [];
    const each = await Promise.all(
      steps.map(
        (step, index) =>
          new Promise((resolve) =>
            skynet.fork(async () => {
              if (step.at !== undefined) await skynet.sleep(step.at);
              const result = await runStep(step);
              finished.push(index + 1);
              resolve(result);
            }),
          ),
      ),
    );
    return { each, finished };
  }

  async function work(step: Step): Promise<unknown> {
    switch (step.op) {
      case 'request': {
        const parts = step.parts?.map(({ s }) => bytesOf(s));
        return channel.request(step.send ?? '', step.noanswer ? undefined : keyOf(step), parts);
      }
      case 'response':
        return channel.response(keyOf(step));
      case 'connect':
        return channel.connect(true);
      case 'close':
        return channel.close();
      case 'changehost':
        return channel.changeHost(HOST, port + (step.to ?? 1) - 1);
      default:
        throw new Error(`no step ${step.op}`);
    }
  }

  function keyOf({ session, read }: Step): unknown {
    if (row.mode === 'session') return session;
    return read === undefined ? readLine : async (source: Source) => [true, await source.read(read)];
  }
}

async function readLine(source: Source): Promise<readonly [boolean, string] | readonly [true, string, true]> {
  const line = await source.readLine();
  if (line.startsWith('!')) throw new Error(line.slice(1));
  return answerOf(line);
}

function answerOf(text: string): readonly [boolean, string] | readonly [true, string, true] {
  if (text.startsWith('-')) return [false, text.slice(1)];
  return text.startsWith('+') ? [true, text.slice(1), true] : [true, text];
}

async function readSession(source: Source): Promise<never> {
  const line = await source.readLine();
  if (line.startsWith('!')) throw new Error(line.slice(1));
  if (line.startsWith('?')) return [undefined] as never;
  const blank = line.indexOf(' ');
  const session = line.slice(0, blank);
  return [/^\d+$/.test(session) ? Number(session) : session, ...answerOf(line.slice(blank + 1))] as never;
}

function typed(value: unknown): Typed {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return typedList(value.map(typed));
  return typedBytes(Buffer.from(String(value), 'latin1'));
}
