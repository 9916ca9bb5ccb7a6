import { callRate } from '../calls.ts';
import type { Measure } from '../case.ts';
import type { Effort } from '../effort.ts';
import { bytesOfEach } from '../memory.ts';
import { loadPeer } from './peer.ts';

interface Service {
  readonly name: string;
}

interface Broker {
  createService(schema: object): Service;
  destroyService(service: Service): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
  waitForServices(name: string): Promise<void>;
  call(action: string, params: unknown): Promise<unknown>;
}

interface Moleculer {
  readonly ServiceBroker: new (options: object) => Broker;
}

/** A broker as fast as it can be set: no log, no validation, no context of its own for each call that asks for none. */
async function inBroker(work: (broker: Broker) => Promise<readonly number[]>): Promise<readonly number[]> {
  const { ServiceBroker } = loadPeer<Moleculer>('moleculer');
  const broker = new ServiceBroker({
    logger: false,
    validator: false,
    registry: { discoverer: { type: 'Local' } },
  });
  await broker.start();
  try {
    return await work(broker);
  } finally {
    await broker.stop();
  }
}

/** Calls of an action that answers with what it got, by reference. */
export function moleculerCalls(value: unknown): Measure {
  return (effort) =>
    inBroker(async (broker) => {
      const params = typeof value === 'object' ? value : { value };
      await new Promise<void>((resolve) => {
        broker.createService({
          name: 'echo',
          actions: { echo: (context: { params: unknown }) => context.params },
          started: () => resolve(),
        });
      });
      await broker.waitForServices('echo');
      return [await callRate(effort, () => broker.call('echo.echo', params), 1, 2000)];
    });
}

/** Resolves when all have started. */
async function startMany(broker: Broker, first: number, count: number): Promise<Service[]> {
  const services: Service[] = [];
  let left = count;
  let started = (): void => {};
  const all = new Promise<void>((resolve) => {
    started = resolve;
  });
  for (let i = 0; i < count; i++)
    services.push(
      broker.createService({
        name: `idle${first + i}`,
        created(this: { last: unknown }) {
          this.last = undefined;
        },
        started() {
          if (--left === 0) started();
        },
        actions: {
          message(this: { last: unknown }, context: { params: unknown }) {
            this.last = context.params;
            return this.last;
          },
        },
      }),
    );
  await all;
  return services;
}

/** Services started a second; they are ended a hundred at a time. */
export const moleculerSpawn: Measure = (effort) =>
  inBroker(async (broker) => {
    let made = 0;
    let started: Service[] = [];
    const start = async (count: number): Promise<void> => {
      started = await startMany(broker, made, count);
      made += count;
    };
    const end = async (): Promise<void> => {
      for (const service of started) await broker.destroyService(service);
    };
    return [await effort.rate(start, 100, end)];
  });

/** Resident bytes and bytes of the heap of an idle service. */
export function moleculerIdle(count: number): Measure {
  return (effort: Effort) =>
    inBroker(async (broker) => {
      await startMany(broker, 0, effort.count(500));
      const some = effort.count(count);
      const { rss, heap } = await bytesOfEach(some, () => startMany(broker, 1_000_000, some));
      return [rss, heap];
    });
}
