import { toldOf } from '../codec/error.ts';
import type { ServiceDefinition } from '../contracts/skynet.ts';
import { defineService } from '../define.ts';
import { isSkynetError, SkynetError } from '../errors.ts';
import { kernelOf } from '../kernel.ts';
import { printable } from '../log/printable.ts';
import { writeAboveTyped } from '../log/typed-line.ts';
import { nearest } from '../nearest.ts';
import { commandsOf } from './commands.ts';
import { readInput } from './input.ts';
import { runLine, wordsOf } from './line.ts';

/** What a console knows of the services that can be started. */
export interface ServiceCatalog {
  /** Whether there is one of that name. */
  has(name: string): boolean;
  /** Those that stand where services are looked for. */
  names(): readonly string[];
}

/** Standard input has one reader: two would both take every line. */
let isReading = false;

/** Commands whose first argument is the name of a service. */
const STARTING: readonly (string | undefined)[] = ['start'];

/**
 * Reads lines from standard input: the first word is the service to start, the rest its arguments. One line at a
 * time: the next is read when the service has started (book §3.2, §6.1). Words that are no services may be commands of the
 * debug console, such as `help` and `list`. A second one in the same process is refused with ERR_ARGUMENT.
 */
export function createConsole(catalog: ServiceCatalog): ServiceDefinition {
  return defineService((skynet) => {
    if (isReading) throw new SkynetError('ERR_ARGUMENT', 'a console reads standard input already');
    isReading = true;
    const kernel = kernelOf(skynet);
    const waiting: string[] = [];
    const closed = new AbortController();
    let busy = false;

    const complete = (words: readonly string[]): readonly string[] => {
      if (words.length === 1) return [...new Set([...catalog.names(), ...Object.keys(commandsOf(kernel))])];
      return words.length === 2 && STARTING.includes(words[0]) ? catalog.names() : [];
    };

    const startOne = async (name: string, args: readonly string[]): Promise<void> => {
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

    const help = (): void => {
      const names = catalog.names();
      print([
        `${names.length === 0 ? 'name' : names.join(' ')} [args...]\tstarts that service`,
        'or a command:',
      ]);
    };

    const doOne = async (line: string): Promise<void> => {
      const [name = '', ...args] = wordsOf(line);
      if (name === '') return;
      if (catalog.has(name)) {
        await startOne(name, args);
        return;
      }
      if (name === 'help') help();
      const result = await runLine(kernel, line, closed.signal);
      if (result !== undefined) print(result.lines);
      // In its place among what services log.
      else if (skynet.getenv('logger') === undefined) skynet.error(unknown(name, complete([''])));
      else print([unknown(name, complete(['']))]);
    };

    const work = async (): Promise<void> => {
      if (busy) return;
      busy = true;
      for (let line = waiting.shift(); line !== undefined; line = waiting.shift()) await doOne(line);
      busy = false;
    };

    const input = readInput(complete, (line) => {
      waiting.push(line);
      kernel.enqueue(work);
    });
    // A terminal that is gone is no reason to end.
    process.stdout.on('error', ignore);
    kernel.own(() => {
      isReading = false;
      process.stdout.off('error', ignore);
      closed.abort();
      input.close();
    });
  });
}

function unknown(name: string, words: readonly string[]): string {
  const meant = nearest(name, words);
  const hint = meant === undefined ? 'type help for a list' : `did you mean "${meant}"?`;
  return `no service or command ${printable(name)}; ${hint}`;
}

function ignore(): void {}

/** Answers stand on the terminal also where the log goes to a file. */
function print(lines: readonly string[]): void {
  writeAboveTyped(() => process.stdout.write(lines.map((line) => `${line}\n`).join('')));
}
