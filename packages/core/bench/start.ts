import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Measure } from './case.ts';
import type { Effort } from './effort.ts';
import { median } from './median.ts';

const STARTS = 15;
const COMMAND = fileURLToPath(new URL('../dist/bin/skynet.js', import.meta.url));
const CORE = new URL('../dist/index.js', import.meta.url).href;
/** Says how much memory there is in use, and ends. */
const TELL = `process.stdout.write(\`rss \${process.memoryUsage.rss()}\\n\`, () => process.exit(0))`;

/** Milliseconds until the first service of the built command runs, and megabytes resident then. */
export function nodeStarts(thread: number): Measure {
  return async (effort) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'skynet-start-'));
    const config = path.join(folder, 'skynet.config.json');
    writeFileSync(config, JSON.stringify({ thread, start: 'first', services: ['./?.mjs'] }));
    writeFileSync(
      path.join(folder, 'first.mjs'),
      `import { defineService } from ${JSON.stringify(CORE)};\nexport default defineService(() => { ${TELL}; });\n`,
    );
    try {
      return await starts(effort, [COMMAND, config]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}

/** The same for the host alone. */
export const hostStarts: Measure = (effort) => starts(effort, ['-e', TELL]);

/** A thread that does nothing but say that it is there. */
const EMPTY = `const { parentPort } = require('node:worker_threads');
  parentPort.on('message', () => {});
  parentPort.postMessage('there');`;

/** The same with so many threads that do nothing; all of them are there before it is over. */
export function emptyThreadsStart(threads: number): Measure {
  const code = `const { Worker } = require('node:worker_threads');
    let left = ${threads};
    const there = () => { if (--left === 0) ${TELL}; };
    for (let i = 0; i < ${threads}; i++)
      new Worker(${JSON.stringify(EMPTY)}, { eval: true }).once('message', there);`;
  return (effort) => starts(effort, ['-e', code]);
}

async function starts(effort: Effort, args: readonly string[]): Promise<number[]> {
  const seen: (readonly [time: number, memory: number])[] = [];
  for (let left = effort.tiny ? 1 : STARTS; left > 0; left--) seen.push(await start(args));
  return [median(seen.map(([time]) => time)), median(seen.map(([, memory]) => memory))];
}

function start(args: readonly string[]): Promise<readonly [time: number, memory: number]> {
  const begin = performance.now();
  // In production nothing is looked for that only developers want to know.
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  let output = '';
  let seen: readonly [number, number] | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    const rss = /^rss (\d+)$/m.exec(output)?.[1];
    if (rss !== undefined) seen ??= [performance.now() - begin, Number(rss) / 2 ** 20];
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (seen !== undefined) resolve(seen);
      else reject(new Error(`ended with ${code} before its first service ran: ${output}`));
    });
  });
}
