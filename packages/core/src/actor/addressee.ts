import { type Address, formatHandle, type Handle, isHandle, parseHandle } from '../handle.ts';
import { printable } from '../log/printable.ts';
import type { Message } from '../message.ts';
import { checkName, isLocalName } from '../route/name-table.ts';
import { invalidAddress } from './failure.ts';

/** Handle that an address means, undefined when nobody has that name. @throws ERR_ADDRESS_INVALID. */
export function addressee(
  names: { get(name: string): Handle | undefined },
  address: Address,
): Handle | undefined {
  if (typeof address === 'number') {
    if (isHandle(address)) return address;
  } else if (typeof address === 'string' && address !== '') {
    return address.startsWith(':') ? (parseHandle(address) ?? invalidAddress(address)) : names.get(address);
  }
  return invalidAddress(address);
}

/** Sends to a name that nobody here has: of global ones other nodes may know more. */
export function sendToName(
  router: { deliverToName(name: string, message: Message): Handle | undefined },
  name: Address,
  message: Message,
): Handle | undefined {
  return typeof name === 'string' && !isLocalName(name)
    ? router.deliverToName(checkName(name), message)
    : undefined;
}

/** An address for logs and errors. */
export function shownAddress(address: Address): string {
  return typeof address === 'number' ? formatHandle(address) : printable(address, Number.POSITIVE_INFINITY);
}
