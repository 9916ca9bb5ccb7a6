// node --inspect: a breakpoint in a line of a service's TypeScript, as an editor sets it.
import { once } from 'node:events';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { COMMAND, Project } from './command.ts';

const CORE = new URL('../../dist/index.js', import.meta.url).href;

const SERVICE = `import { defineService } from ${JSON.stringify(CORE)};

interface Step {
  readonly by: number;
}

export default defineService((skynet) => {
  let count: number = 40;
  const add = ({ by }: Step): number => {
    count += by;
    return count; // the breakpoint
  };
  skynet.interval('10ms', () => void add({ by: 2 }));
});
`;
/** Counted from 0, as the protocol does. */
const LINE = SERVICE.split('\n').findIndex((line) => line.includes('the breakpoint'));

interface Script {
  readonly scriptId: string;
  readonly url: string;
  readonly sourceMapURL?: string;
}
interface Paused {
  readonly callFrames: readonly { readonly callFrameId: string; readonly functionName: string }[];
}

/** A client of the inspector's protocol. */
class Inspector {
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (message: { result?: unknown; error?: { message: string } }) => void>();
  readonly #events = new Map<string, (params: unknown) => void>();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as {
        id?: number;
        method?: string;
        params?: unknown;
        result?: unknown;
        error?: { message: string };
      };
      if (message.id !== undefined) this.#answers.get(message.id)?.(message);
      else this.#events.get(message.method ?? '')?.(message.params);
    });
  }

  static async connect(url: string): Promise<Inspector> {
    const socket = new WebSocket(url);
    onTestFinished(() => socket.terminate());
    await once(socket, 'open');
    return new Inspector(socket);
  }

  on<Params>(method: string, heard: (params: Params) => void): void {
    this.#events.set(method, heard as (params: unknown) => void);
  }

  /** The first event of its kind that fits. */
  event<Params>(method: string, fits: (params: Params) => boolean = () => true): Promise<Params> {
    return new Promise((resolve) => {
      this.on<Params>(method, (params) => {
        if (fits(params)) resolve(params);
      });
    });
  }

  ask<Result>(method: string, params: object = {}): Promise<Result> {
    const id = ++this.#last;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => {
      this.#answers.set(id, ({ result, error }) =>
        error === undefined ? resolve(result as Result) : reject(new Error(error.message)),
      );
    });
  }
}

/** Where a line of the source is in what runs: editors find it in the source map, if there is one. */
function placeOf({ sourceMapURL = '' }: Script, line: number): { lineNumber: number; columnNumber: number } {
  if (sourceMapURL === '') return { lineNumber: line, columnNumber: 0 };
  const [, text = ''] = sourceMapURL.split('base64,');
  const map = new SourceMap(JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as SourceMapPayload);
  for (let lineNumber = 0; lineNumber < 100; lineNumber++)
    for (let columnNumber = 0; columnNumber < 2000; columnNumber++) {
      const entry = map.findEntry(lineNumber, columnNumber);
      if (
        'originalLine' in entry &&
        entry.originalLine === line &&
        entry.generatedLine === lineNumber &&
        entry.generatedColumn === columnNumber
      )
        return { lineNumber, columnNumber };
    }
  throw new Error(`line ${line} is not in the source map`);
}

test('a breakpoint in a TypeScript service hits, with its variables', async () => {
  const project = new Project({ start: 'main', watchdog: false });
  project.write('package.json', '{ "type": "module" }');
  project.write('services/main.ts', SERVICE);
  const run = project.start({
    through: () => [process.execPath, '--inspect-brk=127.0.0.1:0', COMMAND, 'skynet.config.json'],
  });
  await run.saw(/Debugger listening on ws:\S+/);
  const inspector = await Inspector.connect(/Debugger listening on (ws:\S+)/.exec(run.out)?.[1] as string);
  const parsed = inspector.event<Script>('Debugger.scriptParsed', ({ url }) =>
    /services\/main\.ts/.test(url),
  );
  // It has stopped before its first line.
  const first = inspector.event('Debugger.paused');
  await inspector.ask('Debugger.enable');
  await inspector.ask('Runtime.runIfWaitingForDebugger');
  await first;
  const hit = inspector.event<Paused>('Debugger.paused', ({ callFrames }) =>
    callFrames.some(({ functionName }) => functionName === 'add'),
  );
  await inspector.ask('Debugger.resume');
  const script = await parsed;
  const location = { scriptId: script.scriptId, ...placeOf(script, LINE) };
  await inspector.ask('Debugger.setBreakpoint', { location });
  const { callFrames } = await hit;
  const value = async (expression: string): Promise<unknown> => {
    const where = { callFrameId: callFrames[0]?.callFrameId, expression };
    const { result } = await inspector.ask<{ result: { value: unknown } }>(
      'Debugger.evaluateOnCallFrame',
      where,
    );
    return result.value;
  };
  expect(callFrames[0]?.functionName).toBe('add');
  expect(await value('by')).toBe(2);
  expect((await value('count')) as number).toBeGreaterThanOrEqual(42);
});
