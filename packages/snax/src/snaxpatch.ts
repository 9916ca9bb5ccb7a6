import {
  type CriticalSection,
  defineService,
  type Handle,
  type ServiceDefinition,
  type Skynet,
} from '@skynet/core';
import type { PatchSource, Rollout } from './contract.ts';
import { snaxError } from './errors.ts';
import { ask } from './question.ts';
import { instancesOf, type RolloutOrder, rollback, rollout, type WatchCanary } from './rollout.ts';
import { hashOf, readSource } from './source.ts';

/** What the service is asked for; the patch as it was given, so that each node finds its own file. */
export interface PatchOrder extends Omit<RolloutOrder, 'source'> {
  /** Its text, or where its module is. */
  readonly source: PatchSource;
  /** Of what another node has read, if that one asks: this one must have the same. */
  readonly hash?: string;
}

/** A canary that is being watched. */
interface Watching {
  readonly canary: Handle;
  readonly origin: string;
  /** How it goes on, once somebody has said so. */
  word: 'go' | 'back' | undefined;
  readonly token: object;
}

/** Global name of the service in the node with that harbor id. */
export function globalName(harbor: number): string {
  return `snaxpatch.${harbor}`;
}

/** A console's line without its first words. */
function rest(line: readonly string[], from: number): string {
  return line.slice(from).join(' ');
}

/** Gives patches to all instances of a script: one for each node, so that they come one after another. */
class Patcher {
  readonly #skynet: Skynet;
  readonly #sections = new Map<string, CriticalSection>();
  readonly #watching = new Map<string, Watching>();

  constructor(skynet: Skynet) {
    this.#skynet = skynet;
  }

  #section(script: string): CriticalSection {
    let section = this.#sections.get(script);
    if (section === undefined) {
      section = this.#skynet.queue();
      this.#sections.set(script, section);
    }
    return section;
  }

  rollout(order: PatchOrder): Promise<Rollout> {
    return this.#section(order.script)(async () => {
      const source = readSource(this.#skynet, order.source);
      if (order.hash !== undefined && order.hash !== source.hash)
        throw snaxError('ERR_PATCH_NODE', `${source.origin} is another file here`, {
          details: { file: source.origin, hash: source.hash },
        });
      // Between nodes an empty list is nothing at all.
      const args = Array.isArray(order.args) ? order.args : [];
      return rollout(this.#skynet, { ...order, args, source }, this.#watch);
    });
  }

  rollback({ script, version, by }: { script: string; version?: number; by: string }): Promise<void> {
    return this.#section(script)(() => rollback(this.#skynet, script, version, by));
  }

  readonly #watch: WatchCanary = async ({ script, source }, canary, time) => {
    const watching: Watching = { canary, origin: source.origin, word: undefined, token: {} };
    this.#watching.set(script, watching);
    this.#skynet.error(
      `${script}: ${this.#skynet.address(canary)} has ${source.origin}; \`rollout ${script} go\` or \`back\``,
    );
    try {
      if (time === 'told') await this.#skynet.wait(watching.token);
      else await this.#skynet.sleep(time as never, watching.token);
    } finally {
      this.#watching.delete(script);
    }
    if (watching.word === 'back')
      throw snaxError('ERR_PATCH_ROLLOUT', `the patch of ${script} was taken back by command`);
  };

  /** Says how a canary goes on. @throws ERR_PATCH_ROLLOUT when none is watched. */
  decide(script: string, word: string): void {
    if (word !== 'go' && word !== 'back')
      throw snaxError('ERR_ARGUMENT', `a canary goes on by "go" or "back", not ${JSON.stringify(word)}`);
    const watching = this.#watching.get(script);
    if (watching === undefined || watching.word !== undefined)
      throw snaxError('ERR_PATCH_ROLLOUT', `no canary of ${script} is watched`, { details: { script } });
    watching.word = word;
    this.#skynet.wakeup(watching.token);
  }

  /** Canaries that are watched, by script. */
  watching(): Record<string, { canary: string; origin: string }> {
    return Object.fromEntries(
      [...this.#watching].map(([script, { canary, origin }]) => [
        script,
        { canary: this.#skynet.address(canary), origin },
      ]),
    );
  }

  // --- at the console

  /** A script's name, or the address of one service. */
  async #target(word: string | undefined): Promise<string | Handle> {
    if (word === undefined || word === '')
      throw snaxError('ERR_ARGUMENT', 'need a script, or the address of a service');
    if (!word.startsWith(':')) return word;
    return Number.parseInt(word.slice(1), 16);
  }

  async command(by: string, name: string, line: readonly string[]): Promise<unknown> {
    const skynet = this.#skynet;
    const target = name === 'rollout' && line[0] === undefined ? '' : await this.#target(line[0]);
    switch (name) {
      case 'rollout':
        if (target === '') return this.watching();
        this.decide(String(target), String(line[1]));
        return undefined;
      case 'versions': {
        const handles = typeof target === 'string' ? await instancesOf(skynet, target) : [target];
        const shown: [string, string][] = [];
        for (const handle of handles) {
          const versions = await ask<{ n: number; hash: string; origin: string; current: boolean }[]>(
            skynet,
            handle,
            'versions',
          );
          const list = versions.map(
            ({ n, hash, origin, current }) => `${current ? '*' : ''}${n} ${hash} ${origin}`,
          );
          shown.push([skynet.address(handle), list.join(', ')]);
        }
        return Object.fromEntries(shown);
      }
      case 'rollback': {
        const version = line[1] === undefined ? undefined : Number(line[1]);
        if (typeof target === 'string')
          await this.rollback({ script: target, by, ...(version === undefined ? {} : { version }) });
        else await ask(skynet, target, 'rollback', { n: version, by });
        return undefined;
      }
      case 'hotfix': {
        const source = rest(line, 1);
        if (source === '') throw snaxError('ERR_ARGUMENT', 'need a file, or the text of a patch');
        if (typeof target === 'number') {
          const read = readSource(skynet, source);
          const { result } = await ask<{ result: unknown }>(skynet, target, 'hotfix', {
            source: read,
            args: [],
            by,
          });
          return result;
        }
        const order = { script: target, source, args: [], by, snapshot: false, canary: undefined };
        const { instances, results } = await this.rollout(order);
        return Object.fromEntries(
          instances.map((handle, i) => [skynet.address(handle), results[i] ?? 'patched']),
        );
      }
      default:
        throw snaxError('ERR_UNKNOWN_COMMAND', `Unknown command ${name}`);
    }
  }
}

/** Rolls patches out over the services of a script, one after another, and takes them back. One for each node. */
const snaxpatch: ServiceDefinition = defineService((skynet) => {
  const patcher = new Patcher(skynet);
  const { harbor } = skynet.harbor(skynet.self());
  // Other nodes find it by that, if there is a network.
  if (harbor !== 0) skynet.register(globalName(harbor));
  return {
    HERE: () => hashOf(globalName(harbor)),
    ROLLOUT: (order: PatchOrder) => patcher.rollout(order),
    // Errors cross to other nodes without their texts.
    TRY: (order: PatchOrder) =>
      patcher.rollout(order).catch((error: unknown) => {
        if (error instanceof Error) return { failure: error.message };
        throw error;
      }),
    ROLLBACK: (order: { script: string; version?: number; by: string }) => patcher.rollback(order),
    DECIDE: (script: string, word: string) => patcher.decide(script, word),
    WATCHING: () => patcher.watching(),
    CONSOLE: (by: string, name: string, ...line: string[]) => patcher.command(by, name, line),
  };
});

export default snaxpatch;
