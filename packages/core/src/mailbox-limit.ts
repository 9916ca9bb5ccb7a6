import type { MailboxOptions } from './contracts/launch.ts';
import { SkynetError } from './errors.ts';
import { printable } from './log/printable.ts';

const POLICIES = ['reject', 'drop-oldest', 'drop-newest'] as const;

/** What a mailbox of this kind holds to. */
export type MailboxLimit = Required<MailboxOptions>;

/** @throws ERR_ARGUMENT. */
export function mailboxLimit(options: MailboxOptions): MailboxLimit {
  const wrong = (what: string, value: unknown): never => {
    throw new SkynetError('ERR_ARGUMENT', `mailbox: ${what}, not ${printable(value)}`);
  };
  if (typeof options !== 'object' || options === null)
    return wrong('must be an object with a limit', options);
  const { limit, policy = 'reject', ...others } = options;
  if (!(Number.isSafeInteger(limit) && limit >= 1))
    return wrong('limit must be a whole number from 1', limit);
  if (!POLICIES.includes(policy)) return wrong(`policy must be one of ${POLICIES.join(', ')}`, policy);
  for (const key of Object.keys(others)) wrong('has limit and policy', key);
  return { limit, policy };
}
