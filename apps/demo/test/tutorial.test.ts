// Cuts the code out of docs/tutorial.md and runs it, chapter by chapter, each with the files of those before it.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Happenings } from '@skynet/core/testing';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../../../test/free-port.ts';

const PAGE = readFileSync(new URL('../../../docs/tutorial.md', import.meta.url), 'utf8');
const APP = path.resolve(import.meta.dirname, '..');
const ROOT = path.resolve(APP, '../..');
const SKYNET = path.join(APP, 'node_modules/@skynet/core/dist/bin/skynet.js');
/** Ports on the page, in whose places are free ones. */
const PORTS = ['8888', '8081', '8082', '2528'];

interface Block {
  readonly language: string;
  readonly text: string;
}

interface Chapter {
  readonly title: string;
  readonly blocks: readonly Block[];
}

const chapters: Chapter[] = PAGE.split(/^## /m)
  .slice(1)
  .map((text) => ({
    title: text.slice(0, text.indexOf('\n')),
    blocks: [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', body = '']) => ({
      language,
      text: body,
    })),
  }));

let folder = '';
let ports: ReadonlyMap<string, string> = new Map();

beforeAll(async () => {
  // Beside the application's packages, and not below node_modules, where Node runs no TypeScript.
  folder = mkdtempSync(path.join(APP, 'tutorial-'));
  const free = await freePorts(PORTS.length);
  ports = new Map(PORTS.map((port, at) => [port, String(free[at])]));
});

afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

function withFreePorts(text: string): string {
  return PORTS.reduce((all, port) => all.replaceAll(port, ports.get(port) ?? port), text);
}

/** Starts a command of the page in its folder. */
function start(command: string, lines: Happenings<string>): ChildProcess {
  const [, program, file] = /^npx (skynet|tsx)(?: (\S+))?$/.exec(command) ?? [];
  if (program === undefined) throw new Error(`no command of the tutorial: ${command}`);
  const args =
    program === 'skynet'
      ? ['--import=tsx', SKYNET, file ?? 'skynet.config.ts']
      : ['--import=tsx', file as string];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      for (const line of parts) lines.add(line);
    });
  }
  return child;
}

/** What the compiler says of the files there are. */
async function typeErrors(): Promise<string> {
  const config = { extends: '../../../tsconfig.check.json', include: ['.'], exclude: [] };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(config));
  const compiler = path.join(ROOT, 'node_modules/typescript/bin/tsc');
  const child = spawn(process.execPath, [compiler, '-p', folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const chunk of child.stdout) said += String(chunk);
  return said;
}

/** Ends a process, and waits until it is gone. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

describe('the tutorial', () => {
  test('has six chapters, each with code, commands and what they print', () => {
    expect(chapters.map(({ title }) => title.slice(0, 2))).toEqual(['1.', '2.', '3.', '4.', '5.', '6.']);
    for (const { title, blocks } of chapters)
      expect(new Set(blocks.map(({ language }) => language)), title).toEqual(new Set(['ts', 'sh', 'text']));
  });

  // In order: a chapter goes on with the files of the one before.
  test.sequential.each(chapters)(
    '$title',
    async ({ blocks }) => {
      const lines = new Happenings<string>('lines of the programs', { patience: '60s' });
      const running: ChildProcess[] = [];
      onTestFinished(async () => {
        for (const child of running) await stop(child);
      });
      let expected: string[] = [];
      const commands: string[] = [];
      for (const { language, text } of blocks) {
        if (language === 'ts') {
          const name = /^\/\/ (\S+)\n/.exec(text)?.[1];
          if (name === undefined)
            throw new Error(`no name of a file in the first line: ${text.slice(0, 80)}`);
          const file = path.join(folder, name);
          mkdirSync(path.dirname(file), { recursive: true });
          writeFileSync(file, withFreePorts(text));
        } else if (language === 'sh') commands.push(...text.trim().split('\n'));
        else expected = text.trim().split('\n');
      }
      expect(await typeErrors(), 'what the compiler says').toBe('');
      for (const command of commands) {
        running.push(start(command, lines));
        // Before the next one the first line has to come.
        const [first = ''] = expected;
        if (commands.length > 1) await lines.find((line) => line.includes(first), JSON.stringify(first));
      }
      for (const text of expected) await lines.find((line) => line.includes(text), JSON.stringify(text));
    },
    120_000,
  );
});
