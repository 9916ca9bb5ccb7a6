// The client for C# (Unity, Mono, .NET) computes what docs/protocol-vectors.jsonl says, and plays.
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Happenings } from '@skynet/core/testing';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { testProgram } from '../../../test/programs.ts';
import { removeFolder, temporaryFolder } from '../../../test/server-process.ts';
import { enter, heard, portOf, startGame } from './harness.ts';

const FOLDER = path.join(import.meta.dirname, '../clients/csharp');
const VECTORS = path.join(import.meta.dirname, '../../../docs/protocol-vectors.jsonl');
const compiler = testProgram('mcs');
const mono = testProgram('mono');
const missing = compiler.missing ?? mono.missing;

let folder = '';
let program = '';

beforeAll(() => {
  if (missing !== undefined) return;
  folder = temporaryFolder('csharp');
  program = path.join(folder, 'player.exe');
  const sources = readdirSync(FOLDER).map((name) => path.join(FOLDER, name));
  execFileSync(compiler.file as string, ['-nologo', '-langversion:5', `-out:${program}`, ...sources]);
});

afterAll(() => {
  if (folder !== '') removeFolder(folder);
});

/** A player in a process of its own: what it prints, line by line. */
function play(...words: (string | number)[]): {
  readonly child: ChildProcessWithoutNullStreams;
  readonly lines: Happenings<string>;
} {
  const child = spawn(mono.file as string, [program, ...words.map(String)]);
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = new Happenings<string>('lines of the client', { patience: '30s' });
  let rest = '';
  const read = (chunk: string): void => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) lines.add(line);
  };
  child.stdout.setEncoding('utf8').on('data', read);
  child.stderr.setEncoding('utf8').on('data', read);
  return { child, lines };
}

type Row = Readonly<Record<string, unknown>>;

/** A vector as a line for the program: kind, arguments, result. Undefined for those that are not its business. */
function lineOf(row: Row): unknown[] | undefined {
  const { kind } = row;
  switch (kind) {
    case 'dhexchange':
      return [kind, row['key'], row['out']];
    case 'dhsecret':
      return [kind, row['exchanged'], row['key'], row['out']];
    case 'hmac64':
      return [kind, row['x'], row['y'], row['out']];
    case 'hashkey':
      return [kind, row['text'], row['out']];
    case 'hmachash':
    case 'desencode':
      return [kind, row['key'], row['text'], row['out']];
    case 'login': {
      const [challenge, , , proof, token] = row['lines'] as string[];
      return ['prove', challenge, row['secret'], row['token'], `${proof} ${token}`];
    }
    case 'handshake':
      return row['received'] === null
        ? undefined
        : [
            kind,
            row['user'],
            row['server'],
            row['subid'],
            row['index'],
            row['secret'],
            row['received'],
            row['text'],
          ];
    case 'request':
      return [kind, row['session'], row['content'], row['frame']];
    default:
      return String(kind).startsWith('body-') ? ['body', row['out'], row['out']] : undefined;
  }
}

describe.skipIf(missing !== undefined)(
  `the client for C#${missing === undefined ? '' : ` (${missing})`}`,
  () => {
    test('computes what the vectors say', async () => {
      const rows = readFileSync(VECTORS, 'utf8').trim().split('\n');
      const lines = rows.map((row) => lineOf(JSON.parse(row) as Row)).filter((line) => line !== undefined);
      expect(lines.length).toBeGreaterThan(100);
      const { child, lines: said } = play('vectors');
      child.stdin.end(`${lines.map((line) => line.join('\t')).join('\n')}\n`);
      expect(await said.find((line) => / good, /.test(line), 'the count')).toBe(
        `${lines.length} good, 0 bad`,
      );
      expect(said.all).toHaveLength(1);
    });

    test('plays: joins, talks, hears, is refused, comes back, logs out', async () => {
      const places = await startGame();
      const anna = await enter(places, 'anna');
      await anna.request.join('lobby');
      const { child, lines } = play(
        '127.0.0.1',
        portOf(places.login),
        portOf(places.game),
        'Ünal',
        'password',
        'lobby',
      );
      const say = (line: string): void => void child.stdin.write(`${line}\n`);
      await lines.find((line) => line === 'connected', 'the connection');
      await lines.find((line) => line.startsWith('answer join { you: Ünal'), 'the answer to join');
      await heard(anna, 'Ünal is here');
      say('hello from C#');
      await heard(anna, 'hello from C#');
      await anna.request.say('hello, 你好');
      await lines.find((line) => line === 'push said { from: anna, text: hello, 你好 }', 'what anna says');
      say('wrong');
      await lines.find((line) => line.startsWith('error steer ERR_PLAYER_INPUT'), 'the refusal');
      say('steer');
      await lines.find(
        (line) => line.startsWith('push moved ') && line.includes('x: 0.25, y: 0.75'),
        'the arrival',
      );
      say('drop');
      await lines.find((line) => line === 'back', 'the return');
      await anna.request.say('welcome back');
      await lines.find((line) => line.includes('text: welcome back'), 'what anna says then');
      say('logout');
      await lines.find((line) => line === 'over logout you have logged out', 'the end');
    });
  },
);
