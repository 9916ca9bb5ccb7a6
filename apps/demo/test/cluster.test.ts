import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Happenings } from '@skynet/core/testing';
import { expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../../../test/free-port.ts';

const DEMO = fileURLToPath(new URL('../cluster/demo.ts', import.meta.url));

function linesOf(child: ChildProcess): Happenings<string> {
  const lines = new Happenings<string>('lines of the demo', { patience: '40s' });
  createInterface(child.stdout as NodeJS.ReadableStream).on('line', (line) => lines.add(line));
  return lines;
}

/** A player, once the node has welcomed it. */
async function player(port: number, name: string) {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const lines = new Happenings<string>(`what ${name} hears`, { patience: '40s' });
  createInterface(socket).on('line', (line) => lines.add(line));
  socket.write(`${name}\n`);
  await lines.find((line) => line === `* welcome, ${name}`, 'the welcome');
  return {
    say: (text: string) => void socket.write(`${text}\n`),
    hears: (text: string | RegExp) =>
      lines.find((line) => (typeof text === 'string' ? line === text : text.test(line)), String(text)),
  };
}

test('players of two nodes chat over a third, which is killed and comes back', async () => {
  const ports = await freePorts(5);
  const demo = spawn(process.execPath, ['--import', 'tsx', DEMO], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, SKYNET_CLUSTER_PORTS: ports.join(',') },
  });
  onTestFinished(() => void demo.kill('SIGKILL'));
  const lines = linesOf(demo);
  const [, room = ''] =
    /^room \| process (\d+)$/.exec(await lines.find((line) => /^room \| process/.test(line), 'the room')) ??
    [];
  await lines.find((line) => /node one has come/.test(line), 'node one');
  await lines.find((line) => /node two has come/.test(line), 'node two');

  const ann = await player(ports[0] as number, 'ann');
  const bob = await player(ports[1] as number, 'bob');
  ann.say('hello');
  await bob.hears('ann@one: hello');
  bob.say('hi');
  await ann.hears('bob@two: hi');

  const from = lines.all.length;
  process.kill(Number(room), 'SIGKILL');
  await lines.find((line) => /room \| has ended/.test(line), 'the end of the room', from);
  ann.say('anybody?');
  await ann.hears(/^\* nobody heard that|^ann@one: anybody\?/);
  await lines.find((line) => /node one has come/.test(line), 'node one again', from);
  await lines.find((line) => /node two has come/.test(line), 'node two again', from);
  ann.say('again');
  await bob.hears('ann@one: again');

  demo.kill('SIGTERM');
  expect(await once(demo, 'exit')).toEqual([0, null]);
}, 90_000);
