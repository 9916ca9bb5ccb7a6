import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { formatHandle, type Node, type SkynetConfig, startNode } from '../src/index.ts';

/** A node whose log can be read and waited for. */
export interface TestNode extends Node {
  /** Log lines so far, as the node would print them. */
  readonly log: string[];
  /** Resolves with the first line, past or future, that the pattern matches. */
  logged(pattern: RegExp): Promise<string>;
}

/** Starts a node with the fixture services on its search path; it stops with the test. */
export async function startTestNode(config: SkynetConfig = {}): Promise<TestNode> {
  const log: string[] = [];
  const waiting: { pattern: RegExp; found: (line: string) => void }[] = [];
  const node = await startNode(
    { harbor: 1, services: ['./services/?'], watchdog: false, ...config },
    {
      base: fileURLToPath(new URL('./fixtures', import.meta.url)),
      onLog: (source, text) => {
        const line = `[${formatHandle(source)}] ${text}`;
        log.push(line);
        for (const entry of waiting.filter(({ pattern }) => pattern.test(line))) {
          waiting.splice(waiting.indexOf(entry), 1);
          entry.found(line);
        }
      },
    },
  );
  onTestFinished(() => node.stop());
  return Object.assign(node, {
    log,
    logged: (pattern: RegExp) =>
      new Promise<string>((found) => {
        const line = log.find((past) => pattern.test(past));
        if (line === undefined) waiting.push({ pattern, found });
        else found(line);
      }),
  });
}
