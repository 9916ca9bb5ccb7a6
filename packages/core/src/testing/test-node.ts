import type { OwnKeys, SkynetConfig } from '../config/skynet-config.ts';
import type { Duration } from '../duration.ts';
import { formatHandle } from '../handle.ts';
import { type Node, type NodeOptions, startNode } from '../node/node.ts';
import type { FakeClock } from './fake-clock.ts';
import { Happenings } from './happenings.ts';

/** What a test gives beside the configuration of its node. */
export interface TestNodeOptions extends Omit<NodeOptions, 'onLog'> {
  /** Is given what stops the node, to be run when the test is over: `onTestFinished` of vitest, `t.after` of node:test. */
  after?: (stop: () => Promise<void>) => void;
  /** A clock that the test moves, in place of the host's. For nodes with one thread. */
  clock?: FakeClock;
  /**
   * Picks whose turn comes next, in place of the order of coming: the same numbers give the same run. See `forSeeds`. For
   * nodes with one thread.
   */
  random?: () => number;
  /** Longest wait for a log line. Default 30 s. */
  patience?: Duration;
}

/** A node whose log can be read and waited for. */
export interface TestNode extends Node {
  /** Log lines so far, as the node would print them: `[:01000005] text`. */
  readonly log: readonly string[];
  /**
   * The first line, past or future, that the pattern matches, or that the text is part of. Fails with the whole log when
   * none comes.
   * @param from - number of lines that do not count, default none.
   */
  logged(pattern: RegExp | string, from?: number): Promise<string>;
  /** As `stop`, for `await using node = await startTestNode()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a node for a test: harbor 1, no watchdog, its log kept; for the rest as `startNode`. */
export async function startTestNode<Own extends OwnKeys<Own> = object>(
  config: SkynetConfig & NoInfer<Own> = {} as SkynetConfig & Own,
  options: TestNodeOptions = {},
): Promise<TestNode> {
  const { after, patience, clock, ...rest } = options;
  const lines = new Happenings<string>('log lines', patience === undefined ? {} : { patience });
  const node = await startNode(
    { harbor: 1, watchdog: false, ...config },
    {
      ...rest,
      ...(clock === undefined ? {} : { time: clock }),
      onLog: (source, text) => lines.add(`[${formatHandle(source)}] ${text}`),
    },
  );
  after?.(() => node.stop());
  return Object.assign(node, {
    log: lines.all,
    logged: (pattern: RegExp | string, from = 0) =>
      typeof pattern === 'string'
        ? lines.find((line) => line.includes(pattern), `a log line with "${pattern}"`, from)
        : lines.find((line) => pattern.test(line), `a log line that matches ${String(pattern)}`, from),
    [Symbol.asyncDispose]: () => node.stop(),
  });
}
