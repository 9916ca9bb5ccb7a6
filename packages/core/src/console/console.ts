import { createInterface } from 'node:readline';
import { toldOf } from '../codec/error.ts';
import type { ServiceDefinition } from '../contracts/skynet.ts';
import { defineService } from '../define.ts';
import { isSkynetError, SkynetError } from '../errors.ts';
import { kernelOf } from '../kernel.ts';
import { printable } from '../log/printable.ts';

/** Standard input has one reader: two would both take every line. */
let isReading = false;

/**
 * Reads lines from standard input: the first word is the service to start, the rest its arguments. One line at a
 * time: the next is read when the service has started (book §3.2, §6.1). A second one in the same process is refused with ERR_ARGUMENT.
 */
export const consoleService: ServiceDefinition = defineService((skynet) => {
  if (isReading) throw new SkynetError('ERR_ARGUMENT', 'a console reads standard input already');
  isReading = true;
  const kernel = kernelOf(skynet);
  const lines = createInterface({ input: process.stdin, terminal: false });
  const waiting: string[] = [];
  let busy = false;
  kernel.own(() => {
    isReading = false;
    lines.close();
  });

  const startOne = async (line: string): Promise<void> => {
    const [name, ...args] = line.trim().split(/\s+/);
    if (name === undefined || name === '') return;
    try {
      // Nobody's child: where there are several threads, each gets its share.
      await skynet.newService({ name, thread: 'spread' }, ...args);
    } catch (error) {
      // A service that fails has logged why.
      if (!isSkynetError(error)) throw error;
      if (error.code !== 'ERR_SERVICE_EXITED' && toldOf(error) === undefined)
        skynet.error(`${printable(name)}: ${printable(error.message)}`);
    }
  };

  const work = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    for (let line = waiting.shift(); line !== undefined; line = waiting.shift()) await startOne(line);
    busy = false;
  };

  lines.on('line', (line) => {
    waiting.push(line);
    kernel.enqueue(work);
  });
});
