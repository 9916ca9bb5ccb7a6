import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { defineService } from '@skynet/core';
import { Happenings } from '@skynet/core/testing';
import { expect, onTestFinished, test } from 'vitest';
import { open } from '../console/visitor.ts';
import { type LinesOptions, startLines } from '../fixtures/packages/lines.ts';
import { startTestNode, type TestNode } from '../test-node.ts';

const PAGE = new URL('../../../../docs/writing-a-package.md', import.meta.url);
const EXAMPLE = new URL('../fixtures/packages/lines.ts', import.meta.url);

type Lines = Awaited<ReturnType<typeof startLines>>;

test('the package on the page is the one that is tested here', () => {
  const [, code] = /```ts\n([\s\S]*?)```/.exec(readFileSync(PAGE, 'utf8')) ?? [];
  expect(code).toBe(readFileSync(EXAMPLE, 'utf8'));
});

async function start(node: TestNode, options: LinesOptions): Promise<Lines & { handle: number }> {
  let lines: Lines | undefined;
  const service = defineService(async (skynet) => {
    const answer = async (line: string): Promise<string> => {
      await skynet.sleep('1ms');
      if (line === 'fail') throw new Error('cannot answer');
      return line.toUpperCase();
    };
    lines = await startLines(skynet, answer, options);
  });
  const handle = await node.newService(service);
  return { ...(lines as unknown as Lines), handle };
}

/** Connects to a port of this machine, and collects the lines that come. */
async function visit(url: string): Promise<{ socket: Socket; lines: Happenings<string> }> {
  const socket = connect(Number(/:(\d+)$/.exec(url)?.[1]), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  const lines = new Happenings<string>('lines');
  createInterface({ input: socket }).on('line', (line) => lines.add(line));
  return { socket, lines };
}

test('it answers lines in the service, on all its addresses, and tells all clients', async () => {
  const node = await startTestNode();
  const { urls, tellAll } = await start(node, { listen: ['tcp://127.0.0.1:0', 'tcp://127.0.0.1:0'] });
  expect(tellAll).toThrow(expect.objectContaining({ code: 'ERR_LINES_NOBODY' }));
  const [first, second] = [await visit(urls[0] as string), await visit(urls[1] as string)];
  first.socket.write('one\nfail\ntw');
  first.socket.write('o\n');
  second.socket.write('three\n');
  expect(await first.lines.count(2)).toEqual(['ONE', 'TWO']);
  expect(await second.lines.count(1)).toEqual(['THREE']);
  await node.logged('cannot answer');
  tellAll('bye');
  expect((await first.lines.count(3)).at(-1)).toBe('bye');
  expect((await second.lines.count(2)).at(-1)).toBe('bye');
  const console = await open(node);
  expect(await console.type('lines')).toEqual(['2', '<CMD OK>']);
});

test('it ends with its service, and refuses what it does not know', async () => {
  const node = await startTestNode();
  const { urls, handle } = await start(node, { url: 'tcp://127.0.0.1:0' });
  const { socket } = await visit(urls[0] as string);
  await node.run((skynet) => skynet.kill(handle));
  await once(socket, 'close');
  await expect(visit(urls[0] as string)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await expect(start(node, { port: 0, maxClient: 7 } as LinesOptions)).rejects.toMatchObject({
    cause: { code: 'ERR_ARGUMENT', details: { key: 'maxClient', meant: 'maxClients' } },
  });
});
