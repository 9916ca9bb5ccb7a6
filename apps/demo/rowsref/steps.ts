import { type Skynet, type SkynetConfig, startNode } from '@skynet/core';
import type { RowsFile } from './family.ts';
import { errorText, type Typed } from './typed.ts';

/** A step of a row: what it does, and with what. */
export interface Step {
  readonly op: string;
  readonly args?: readonly Typed[];
  /** Goes on while the next steps are done. */
  readonly background?: boolean;
  /** Of `sleep`: hundredths of a second. */
  readonly cs?: number;
  /** Of `finished`: number of a step before. */
  readonly step?: number;
  readonly [key: string]: unknown;
}

/** What a step has come to. */
export type StepResult = { readonly ok: readonly Typed[] } | { readonly err: string } | 'waits' | 'skipped';

/** Does a step in a service; resolves to the values, or says that the step is to be judged by hand. */
export type DoStep = (step: Step) => Promise<readonly Typed[] | 'skipped'>;

/** How long a step may take until it counts as one that waits: in the background, and otherwise. */
const SHORT = '30ms';
const LONG = '2s';

/** Does the rows of a file step by step in one service of a node; `prepare` gives what does a step of a row. */
export async function runSteps(
  file: RowsFile,
  prepare: (skynet: Skynet) => () => DoStep,
  config: SkynetConfig = {},
  base: string = process.cwd(),
): Promise<StepResult[][]> {
  const node = await startNode({ harbor: 1, watchdog: false, ...config }, { base, onLog: () => {} });
  try {
    return await node.run(async (skynet) => {
      const begin = prepare(skynet);
      const results: StepResult[][] = [];
      for (const { steps } of file.rows) results.push(await runRow(skynet, steps as Step[], begin()));
      return results;
    });
  } finally {
    await node.stop();
  }
}

async function runRow(skynet: Skynet, steps: readonly Step[], doStep: DoStep): Promise<StepResult[]> {
  const results: StepResult[] = [];
  /** What steps came to, by their place, once they have. */
  const outcomes: (StepResult | undefined)[] = [];
  for (const [i, step] of steps.entries()) {
    if (step.op === 'sleep') {
      await skynet.sleep(step.cs ?? 0);
      results.push({ ok: [] });
      continue;
    }
    if (step.op === 'finished') {
      results.push(outcomes[(step.step ?? 0) - 1] ?? 'waits');
      continue;
    }
    const token = {};
    skynet.fork(async () => {
      try {
        const values = await doStep(step);
        outcomes[i] = values === 'skipped' ? values : { ok: values };
      } catch (error) {
        outcomes[i] = { err: errorText(error) };
      }
      skynet.wakeup(token);
    });
    await skynet.sleep(step.background ? SHORT : LONG, token);
    results.push(outcomes[i] ?? 'waits');
  }
  return results;
}
