import { expect, test } from 'vitest';
import { seedOfRun } from '../../../../test/runs.ts';
import { defineService, type Handle, type Skynet } from '../../src/index.ts';
import { startTestNode } from '../test-node.ts';

// Services that send to any of each other, in networks drawn by chance: some handlers are plain functions, some await what
// settles at once, some wait for an answer, some leave pieces behind that they do not await. From each to each other one
// messages arrive in the order sent, and nothing of a service happens between two steps of a task that does not wait for
// the framework. TOPOLOGY_MESSAGES and TOPOLOGY_SEED set how many in all, and the seed.
const MESSAGES = Number(process.env['TOPOLOGY_MESSAGES'] ?? 120_000);
const SEED = Number(process.env['TOPOLOGY_SEED'] ?? seedOfRun());
const NETWORKS = 4;
/** Messages under way. */
const POPULATION = 300;

/** Numbers below `limit`, the same for each seed. */
function numbersOf(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % limit;
  };
}

/** One network: who may send to whom, how much is left to send, and what must not have happened. */
class Network {
  readonly problems: string[] = [];
  readonly handles: Handle[] = [];
  readonly over: Promise<void>;
  readonly #draw: (limit: number) => number;
  readonly #size: number;
  readonly #sent: Int32Array;
  readonly #taken: Int32Array;
  #left: number;
  #underWay = 0;
  #end: () => void = () => {};

  constructor(size: number, messages: number, seed: number) {
    this.#size = size;
    this.#left = messages;
    this.#draw = numbersOf(seed);
    this.#sent = new Int32Array(size * size);
    this.#taken = new Int32Array(size * size);
    this.over = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** What the service of this number does. */
  member(at: number) {
    return defineService((skynet) => {
      let isBusy = false;
      const enter = (): void => {
        if (isBusy) this.#problem(`${at} was entered while a task of its ran`);
        isBusy = true;
      };
      const leave = (): void => {
        isBusy = false;
      };
      const hops = async (count: number): Promise<void> => {
        for (let i = 0; i < count; i++) await null;
      };
      const take = (from: number, number: number): void | Promise<void> => {
        enter();
        this.#note(from, at, number);
        const kind = this.#draw(16);
        if (kind === 0) return this.#askAnother(skynet, at, enter, leave);
        if (kind < 5) {
          return hops(1 + this.#draw(4)).then(() => {
            leave();
            this.#pass(skynet, at);
          });
        }
        if (kind === 5) {
          // Nobody awaits it; it ends before the next message all the same.
          void hops(6).then(leave);
          return hops(1).then(() => this.#pass(skynet, at));
        }
        leave();
        if (kind === 6) skynet.fork(() => this.#pass(skynet, at));
        else this.#pass(skynet, at);
      };
      return { take, ask: (value: number) => (this.#draw(2) === 0 ? value : hops(2).then(() => value)) };
    });
  }

  /** Lets as many go as are under way at a time. */
  begin(skynet: Skynet): void {
    for (let i = 0; i < POPULATION; i++) this.#send(skynet, this.#draw(this.#size));
  }

  async #askAnother(skynet: Skynet, at: number, enter: () => void, leave: () => void): Promise<void> {
    const value = this.#draw(1000);
    leave();
    const answer = await skynet.call(this.handles[this.#draw(this.#size)] as Handle, 'lua', 'ask', value);
    enter();
    if (answer !== value) this.#problem(`${at} asked with ${value} and was answered ${String(answer)}`);
    await null;
    leave();
    this.#pass(skynet, at);
  }

  /** One has been taken; another is sent for it. */
  #pass(skynet: Skynet, at: number): void {
    this.#underWay--;
    this.#send(skynet, at);
    if (this.#underWay === 0) this.#end();
  }

  #send(skynet: Skynet, from: number): void {
    if (this.#left === 0) return;
    this.#left--;
    this.#underWay++;
    // Some are sent to more than others are.
    const to = Math.min(this.#draw(this.#size), this.#draw(this.#size));
    const pair = from * this.#size + to;
    const number = (this.#sent[pair] as number) + 1;
    this.#sent[pair] = number;
    skynet.send(this.handles[to] as Handle, 'lua', 'take', from, number);
  }

  #note(from: number, to: number, number: number): void {
    const pair = from * this.#size + to;
    const expected = (this.#taken[pair] as number) + 1;
    this.#taken[pair] = expected;
    if (number !== expected) this.#problem(`${to} had ${number} of ${from} in place of ${expected}`);
  }

  #problem(what: string): void {
    if (this.problems.length < 10) this.problems.push(what);
  }
}

test.each(Array.from({ length: NETWORKS }, (_, at) => SEED + at))(
  'in a network of chance each pair keeps its order, and no service does two things at once (TOPOLOGY_SEED=%i)',
  async (seed) => {
    const node = await startTestNode();
    await node.run(async (skynet) => {
      const size = 2 + numbersOf(seed)(200);
      const network = new Network(size, Math.ceil(MESSAGES / NETWORKS), seed);
      for (let at = 0; at < size; at++) network.handles.push(await skynet.newService(network.member(at)));
      network.begin(skynet);
      await skynet.await(network.over);
      expect(network.problems).toEqual([]);
    });
    // A mailbox may hold as many as are under way, which is told of in the log only above 1024.
    expect(node.log.filter((line) => / error : |overload/.test(line))).toEqual([]);
  },
  Math.max(60_000, MESSAGES / 50),
);
