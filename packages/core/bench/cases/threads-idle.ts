import type { BenchCase, Measure } from '../case.ts';
import { inNode } from '../node.ts';
import { portCaller, startEchoThread } from '../thread-floors.ts';

const THREADS = 4;
const SECONDS = 3;

/** Percent of one processor that the process uses while it waits. */
async function idleCpu(seconds: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, seconds * 300));
  const before = process.cpuUsage();
  const start = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 10 / (performance.now() - start);
}

const idleWorkers: Measure = async (effort) => {
  const workers = Array.from({ length: THREADS - 1 }, () => startEchoThread());
  // They have started when they answer.
  await Promise.all(workers.map((worker) => portCaller(worker)(0)));
  const cpu = await idleCpu(effort.tiny ? 0.01 : SECONDS);
  await Promise.all(workers.map((worker) => worker.terminate()));
  return [cpu];
};

const threadsIdle: BenchCase = {
  lines: [{ name: 'threads-idle', unit: '% of a core' }],
  floors: { 'idle workers': idleWorkers },
  run: (effort) =>
    inNode(async (skynet) => {
      for (let thread = 0; thread < THREADS; thread++) {
        const echo = await skynet.newService({ name: 'echo', thread });
        await skynet.call(echo, 'lua', 'echo', thread);
      }
      return [await skynet.await(idleCpu(effort.tiny ? 0.01 : SECONDS))];
    }, THREADS),
};
export default threadsIdle;
