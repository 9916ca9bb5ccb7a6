import { packSeri, unpackSeri } from '@skynet/core';
import { type Channel, createMulticast } from '@skynet/core/multicast';
import type { Family } from '../family.ts';
import { fromTyped, toTyped } from '../lua-values.ts';
import { runSteps, type Step } from '../steps.ts';
import type { Typed } from '../typed.ts';

/** Channels inside one node and one service. */
export const run: Family = (file) =>
  runSteps(file, (skynet) => {
    const multicast = createMulticast(skynet);
    return () => {
      const channels = new Map<unknown, Channel>();
      const got = new Map<unknown, unknown[][]>();
      const optionsOf = (name: unknown) => ({
        pack: (...values: unknown[]) => packSeri(values),
        unpack: (bytes: Uint8Array) => unpackSeri(bytes, 0, { floats: 'exact' }),
        dispatch: (_channel: unknown, _source: number, ...values: unknown[]) =>
          void got.get(name)?.push(values),
      });
      const channelOf = (name: unknown): Channel => {
        const channel = channels.get(name);
        if (channel === undefined) throw new Error(`no channel ${String(name)}`);
        return channel;
      };
      const keep = (name: unknown, channel: Channel): readonly Typed[] => {
        channels.set(name, channel);
        return [true];
      };
      return async (step: Step) => {
        const { op, as, of, to, args = [] } = step;
        if (as !== undefined) got.set(as, []);
        switch (op) {
          case 'mcnew':
            return keep(as, await multicast.new(optionsOf(as)));
          case 'mcbind':
            return keep(as, multicast.bind(channelOf(to).channel, optionsOf(as)));
          case 'subscribe':
            await channelOf(of).subscribe();
            return [];
          case 'unsubscribe':
            channelOf(of).unsubscribe();
            return [];
          case 'publish':
            await channelOf(of).publish(...args.map(fromTyped));
            return [];
          case 'mcdelete':
          case 'delete':
            channelOf(of).delete();
            return [];
          case 'got': {
            // What was published stands in the mailbox.
            await skynet.yield();
            return [toTyped(got.get(of) ?? [])];
          }
          default:
            throw new Error(`no such step: ${op}`);
        }
      };
    };
  });
