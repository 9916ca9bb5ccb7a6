import { expect, test } from 'vitest';
import { Effort } from '../../../core/bench/effort.ts';
import gateAgent from '../../bench/cases/gate-agent-100x32.ts';
import largeFrames from '../../bench/cases/gate-echo-10x4-65k.ts';
import gateEcho from '../../bench/cases/gate-echo-100x1.ts';
import gateBesideFlood from '../../bench/cases/gate-echo-beside-flood.ts';
import idleWebSocket from '../../bench/cases/idle-ws-connection-bytes.ts';
import gateAgentInThread from '../../bench/cases/threads-gate-agent-100x32.ts';
import webSocketGateEcho from '../../bench/cases/ws-gate-echo-100x1.ts';

// No figure is judged here: this only shows that the cases still run. The others differ in their numbers alone.
test.each([
  ['gate and echo', gateEcho],
  ['gate and agents', gateAgent],
  ['gate and agents in another thread', gateAgentInThread],
  ['gate beside a flood', gateBesideFlood],
])('%s can be measured', async (_name, bench) => {
  const [first, second] = await bench.run(new Effort(true));
  expect(first).toBeGreaterThan(0);
  expect(second).toBeGreaterThan(0);
});

test.each([
  ['gate and echo over WebSocket', webSocketGateEcho],
  ['large frames', largeFrames],
])('%s can be measured, and what they are held against', async (_name, { run, floors }) => {
  for (const measure of [run, ...Object.values(floors)]) {
    const [rate, effort] = await measure(new Effort(true));
    expect(rate).toBeGreaterThan(0);
    expect(effort).toBeGreaterThan(0);
  }
});

test('idle connections of WebSocket can be measured', async () => {
  for (const bytes of await idleWebSocket.run(new Effort(true))) expect(Number.isFinite(bytes)).toBe(true);
});
