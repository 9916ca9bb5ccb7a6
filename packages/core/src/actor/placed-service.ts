import type { PlacedService, Placement } from '../contracts/launch.ts';
import { SkynetError } from '../errors.ts';
import { printable } from '../log/printable.ts';
import { mailboxLimit } from '../mailbox-limit.ts';

const PLACED: readonly string[] = ['name', 'thread', 'pinned', 'mailbox'];

/** Where a service is to run, and with which bounds. @throws ERR_ARGUMENT. */
export function placementOf(placed: PlacedService): Placement {
  const unknown = Object.keys(placed).find((key) => !PLACED.includes(key));
  if (unknown !== undefined)
    throw new SkynetError(
      'ERR_ARGUMENT',
      `a service that is started has ${PLACED.join(', ')}, not ${printable(unknown)}`,
    );
  const { pinned } = placed;
  if (pinned !== undefined && typeof pinned !== 'boolean')
    throw new SkynetError('ERR_ARGUMENT', `pinned is true or false, not ${printable(pinned)}`);
  return placed.mailbox === undefined ? placed : { ...placed, mailbox: mailboxLimit(placed.mailbox) };
}
