import { createInterface } from 'node:readline';
import type { ServiceDefinition } from '../contracts/skynet.ts';
import { defineService } from '../define.ts';
import { isSkynetError } from '../errors.ts';
import { kernelOf } from '../kernel.ts';
import { printable } from '../log/printable.ts';

/**
 * Reads lines from standard input: the first word is the service to start, the rest its arguments. One line at a
 * time: the next is read when the service has started (book §3.2, §6.1).
 */
export const consoleService: ServiceDefinition = defineService((skynet) => {
  const kernel = kernelOf(skynet);
  const lines = createInterface({ input: process.stdin, terminal: false });
  const waiting: string[] = [];
  let busy = false;
  kernel.own(() => lines.close());

  const startOne = async (line: string): Promise<void> => {
    const [name, ...args] = line.trim().split(/\s+/);
    if (name === undefined || name === '') return;
    try {
      // Nobody's child: where there are several threads, each gets its share.
      await skynet.newService({ name, thread: 'spread' }, ...args);
    } catch (error) {
      // The reason stands in the log already; what is left to say is that this line led to nothing.
      if (!isSkynetError(error)) throw error;
      if (error.code !== 'ERR_SERVICE_EXITED')
        skynet.error(`${printable(name)}: ${printable(error.message.split('\n')[0])}`);
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
