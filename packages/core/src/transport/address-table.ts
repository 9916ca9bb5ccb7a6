/** Addresses whose failures are remembered; when there are more, those longest known are forgotten. */
const REMEMBERED = 65_536;
const MINUTE = 60_000;

const IPV4_AND_PORT = /^[\d.]+:\d+$/;

interface Failures {
  count: number;
  /** When the minute that is counted began. */
  since: number;
}

/**
 * Whom connections are counted for: an IPv4 address, an IPv6 network (/64, what one customer has at least), or the
 * whole text where it is no address. Ports do not count.
 */
export function networkOf(remoteAddress: string): string {
  const colon = remoteAddress.lastIndexOf(':');
  // `ip:port` of IPv4, as most come.
  if (colon === remoteAddress.indexOf(':') && IPV4_AND_PORT.test(remoteAddress))
    return remoteAddress.slice(0, colon);
  const host = /^\d+$/.test(remoteAddress.slice(colon + 1)) ? remoteAddress.slice(0, colon) : remoteAddress;
  const [ip = ''] = host.replace(/^\[|\]$/g, '').split('%');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip);
  if (mapped !== null) return mapped[1] as string;
  if (!ip.includes(':')) return ip;
  const [front = '', back] = ip.split('::');
  const groups = front === '' ? [] : front.split(':');
  const after = back === undefined || back === '' ? [] : back.split(':');
  const all =
    back === undefined
      ? groups
      : [...groups, ...new Array<string>(Math.max(0, 8 - groups.length - after.length)).fill('0'), ...after];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

/** Counts connections and failures of each network, so that one of them cannot use up what is there for all. */
export class AddressTable {
  readonly #connections: number;
  readonly #failures: number;
  readonly #now: () => number;
  readonly #open = new Map<string, number>();
  readonly #failed = new Map<string, Failures>();

  /** Limits of 0 do not limit. `now` tells milliseconds. */
  constructor(connections: number, failuresPerMinute: number, now: () => number = () => performance.now()) {
    this.#connections = connections;
    this.#failures = failuresPerMinute;
    this.#now = now;
  }

  /** Why a further connection of this network may not come, undefined if it may. */
  refusal(network: string): string | undefined {
    if (this.#connections > 0 && (this.#open.get(network) ?? 0) >= this.#connections)
      return `more than ${this.#connections} connections`;
    if (this.#failures > 0 && this.#current(network) >= this.#failures)
      return `more than ${this.#failures} failures in a minute`;
    return undefined;
  }

  /** A connection of a network has come. */
  opened(network: string): void {
    this.#open.set(network, (this.#open.get(network) ?? 0) + 1);
  }

  /** One that was counted by {@link opened} is over. */
  closed(network: string): void {
    const left = (this.#open.get(network) ?? 1) - 1;
    if (left > 0) this.#open.set(network, left);
    else this.#open.delete(network);
  }

  /** A connection of a network has failed, as in a login. */
  failed(network: string): void {
    if (this.#failures === 0) return;
    const count = this.#current(network) + 1;
    const since = this.#failed.get(network)?.since ?? this.#now();
    this.#failed.delete(network);
    this.#failed.set(network, { count, since });
    if (this.#failed.size <= REMEMBERED) return;
    for (const first of this.#failed.keys()) {
      this.#failed.delete(first);
      break;
    }
  }

  #current(network: string): number {
    const failures = this.#failed.get(network);
    if (failures === undefined) return 0;
    if (this.#now() - failures.since < MINUTE) return failures.count;
    this.#failed.delete(network);
    return 0;
  }
}
