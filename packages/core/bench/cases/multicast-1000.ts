import { EventEmitter } from 'node:events';
import { defineService } from '@skynet/core';
import { createMulticast } from '@skynet/core/multicast';
import { type BenchCase, PLAYER } from '../case.ts';
import { inNode } from '../node.ts';

const SUBSCRIBERS = 1000;

const multicast1000: BenchCase = {
  lines: [{ name: 'multicast-1000', unit: 'deliveries/s' }],
  floors: {
    // A function for each subscriber, one after another: nothing is copied, nobody has a mailbox.
    'event emitter': async (effort) => {
      const emitter = new EventEmitter().setMaxListeners(SUBSCRIBERS);
      let received = 0;
      for (let i = 0; i < SUBSCRIBERS; i++) emitter.on('message', () => void received++);
      const rate = await effort.rate(async (count) => {
        for (let i = 0; i < count; i++) emitter.emit('message', PLAYER);
      }, 10);
      return [rate * SUBSCRIBERS];
    },
  },
  run: (effort) =>
    inNode(async (skynet) => {
      let received = 0;
      const channel = await createMulticast(skynet).new<[unknown]>();
      const subscriber = defineService(async (service, id = '') => {
        await createMulticast(service)
          .bind(Number(id), { dispatch: () => void received++ })
          .subscribe();
      });
      for (let i = 0; i < SUBSCRIBERS; i++) await skynet.newService(subscriber, channel.channel);
      let published = 0;
      const rate = await effort.rate(async (count) => {
        for (let i = 0; i < count; i++) await channel.publish(PLAYER);
        published += count;
        while (received < published * SUBSCRIBERS) await skynet.yield();
      }, 10);
      return [rate * SUBSCRIBERS];
    }),
};
export default multicast1000;
