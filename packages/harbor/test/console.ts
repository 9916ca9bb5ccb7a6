import { once } from 'node:events';
import { connect } from 'node:net';
import { Happenings, type TestNode } from '@skynet/core/testing';
import { onTestFinished } from 'vitest';

/** Opens a node's debug console; the function types a command and gives the lines of its answer. */
export async function openConsole(node: TestNode): Promise<(command: string) => Promise<string[]>> {
  await node.newService('debug_console', 0);
  const [, port] = /at 127\.0\.0\.1:(\d+)/.exec(await node.logged(/Start debug console at/)) ?? [];
  const socket = connect(Number(port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const lines = new Happenings<string>('lines of the console');
  let rest = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split(/\r?\n/);
    rest = parts.pop() ?? '';
    for (const line of parts) lines.add(line);
  });
  await once(socket, 'connect');
  await lines.find((line) => /Welcome/i.test(line), 'the greeting');
  return async (command) => {
    const from = lines.all.length;
    socket.write(`${command}\n`);
    await lines.find((line) => /<CMD (OK|Error)>/.test(line), `the end of ${command}`, from);
    return lines.all.slice(from);
  };
}
