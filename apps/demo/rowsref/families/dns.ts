import { isIPv6 } from 'node:net';
import { type Skynet, startNode } from '@skynet/core';
import { createDns } from '@skynet/socket';
import type { Family } from '../family.ts';
import { errorText, type Typed, typedBytes, typedList } from '../typed.ts';

interface Row {
  readonly name: string;
  readonly ipv6?: boolean;
  readonly times?: number;
  readonly pause?: number;
}

/** Names looked up at the rows' server, all rows at the same time. */
export const run: Family = async (file, { port }) => {
  if (port === undefined) throw new Error('the name server needs a --port');
  const node = await startNode({ watchdog: false }, { onLog: () => {} });
  const rows = file.rows as unknown as Row[];
  const results = await node.run(async (skynet) => {
    const dns = createDns(skynet, { hosts: false });
    await dns.server('127.0.0.1', port);
    const ask = async (
      { name, ipv6 = false, times = 1, pause = 0 }: Row,
      in_: Skynet,
    ): Promise<unknown[]> => {
      const got: unknown[] = [];
      for (let time = 0; time < times; time++) {
        if (time > 0 && pause > 0) await in_.sleep(pause);
        try {
          const [first, all] = await dns.resolve(name, ipv6);
          const literal = first === name.toLowerCase();
          const shown = literal ? (text: string): string => text : asGroups;
          got.push({
            first: shown(first),
            all: literal ? null : typedList(all.map((each) => text(shown(each)))),
          });
        } catch (error) {
          got.push({ err: errorText(error) });
        }
      }
      return got;
    };
    return Promise.all(
      rows.map((row) => new Promise((resolve) => skynet.fork(async () => resolve(await ask(row, skynet))))),
    );
  });
  await node.stop();
  return results;
};

function text(value: string): Typed {
  return typedBytes(Buffer.from(value));
}

/** An address as rows write it: eight groups. */
function asGroups(address: string): string {
  if (!isIPv6(address)) return address;
  const [front = '', back] = address.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  if (back === undefined) return address;
  const zeros = 8 - groups(front).length - groups(back).length;
  return [...groups(front), ...Array.from({ length: zeros }, () => '0'), ...groups(back)].join(':');
}
