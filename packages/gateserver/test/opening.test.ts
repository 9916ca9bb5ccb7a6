import { pack } from '@skynet/core/netpack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FrameQueue } from '../src/frame-queue.ts';
import { Opening } from '../src/opening.ts';
import type { ResolvedOptions } from '../src/options.ts';

function opening(): Opening<undefined> {
  return new Opening(undefined, { header: 2, maxFrame: 0xffff } as ResolvedOptions);
}

describe('queues of the clients of a gate', () => {
  test('one that is at rest goes round', () => {
    const lender = opening();
    const queue = lender.lend();
    expect(queue.isAtRest).toBe(true);
    queue.add(Buffer.from([0, 2, 7]));
    expect(queue.take()).toBeUndefined();
    // Half a packet is there, and half a header below.
    expect(queue.isAtRest).toBe(false);
    queue.add(Buffer.from([8, 0]));
    expect(queue.isAtRest).toBe(false);
    expect(queue.take()).toEqual(Uint8Array.of(7, 8));
    expect(queue.take()).toBeUndefined();
    expect(queue.isAtRest).toBe(false);
    queue.add(Buffer.from([0]));
    expect(queue.take()).toEqual(new Uint8Array(0));
    expect(queue.take()).toBeUndefined();
    expect(queue.isAtRest).toBe(true);
    lender.giveBack(queue);
    expect(lender.lend()).toBe(queue);
    expect(lender.lend()).not.toBe(queue);
  });

  test('one that has failed is never at rest', () => {
    const queue = new Opening(undefined, { header: 2, maxFrame: 4 } as ResolvedOptions).lend();
    queue.add(Buffer.from([0, 5]));
    expect(() => queue.take()).toThrow(expect.objectContaining({ code: 'ERR_FRAME_TOO_LARGE' }));
    expect(queue.isAtRest).toBe(false);
  });

  test('clients that share them get their own packets, wherever these are cut and whenever they are taken', () => {
    const packets = fc.array(fc.uint8Array({ maxLength: 6000 }), { maxLength: 8 });
    const step = fc.record({ who: fc.nat(2), size: fc.integer({ min: 1, max: 9000 }), take: fc.boolean() });
    fc.assert(
      fc.property(fc.tuple(packets, packets, packets), fc.array(step, { maxLength: 60 }), (sent, steps) => {
        const lender = opening();
        const clients = sent.map((list) => ({
          stream: Buffer.concat(list.map((packet) => pack(packet))),
          at: 0,
          queue: undefined as FrameQueue | undefined,
          got: [] as Uint8Array[],
        }));
        const all = steps.concat(sent.map((_, who) => ({ who, size: 1 << 20, take: true })));
        for (const { who, size, take } of all) {
          const client = clients[who] as (typeof clients)[number];
          const chunk = Buffer.from(client.stream.subarray(client.at, client.at + size));
          client.at += chunk.length;
          client.queue ??= lender.lend();
          client.queue.add(chunk);
          if (!take) continue;
          for (let got = client.queue.take(); got !== undefined; got = client.queue.take())
            client.got.push(got);
          if (!client.queue.isAtRest) continue;
          lender.giveBack(client.queue);
          client.queue = undefined;
        }
        expect(clients.map(({ got }) => got.map((bytes) => Buffer.from(bytes).toString('hex')))).toEqual(
          sent.map((list) => list.map((bytes) => Buffer.from(bytes).toString('hex'))),
        );
        expect(clients.every(({ queue }) => queue === undefined)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
