import { packSeri, unpackSeri } from '@skynet/core';
import { createDatacenter } from '@skynet/harbor/datacenter';
import type { Family } from '../family.ts';
import { fromTyped, toTyped } from '../lua-values.ts';
import { runSteps } from '../steps.ts';

const COMMANDS: Readonly<Record<string, string>> = { dcset: 'UPDATE', dcget: 'QUERY', dcwait: 'WAIT' };

/** The datacenter on a node of its own. The rows tell no value from nil, which the library does not: so it is asked itself. */
export const run: Family = (file) =>
  runSteps(file, (skynet) => () => async ({ op, args = [] }) => {
    // Starts it.
    await createDatacenter(skynet).get('started');
    const command = COMMANDS[op];
    if (command === undefined) throw new Error(`no such step: ${op}`);
    const body = await skynet.rawCall('DATACENTER', 'lua', packSeri([command, ...args.map(fromTyped)]));
    const values = body instanceof Uint8Array ? unpackSeri(body, 0, { floats: 'exact' }) : body;
    return values.map(toTyped);
  });
