import { BlockList, isIP } from 'node:net';
import type { OptionReader } from '../options.ts';
import { ipOf } from './ip-address.ts';

/** Settings of transports that may stand behind proxies. */
export interface ProxyOptions {
  /**
   * Whose word about the addresses of clients is believed: a list of addresses and networks (`10.0.0.5`, `10.0.0.0/8`,
   * `fd00::/8`; `unix` for all peers of unix sockets), a number of proxies that every client comes through, or `true` for
   * everybody, which only makes sense where nobody else can connect. Default: nobody's. How they say it is up to
   * `proxyProtocol`, or with WebSocket to `forwarded`.
   */
  trustProxy?: boolean | number | readonly string[];
  /**
   * Trusted peers begin with a header of the PROXY protocol, version 1 or 2, before TLS and everything else; a connection
   * without one is closed. Others are clients: what they send is theirs. Default false.
   */
  proxyProtocol?: boolean;
}

/** Which proxies are believed, and what they are expected to say. */
export class Proxies {
  /** Whether they send a PROXY header. */
  readonly header: boolean;
  /** Whether they name clients once more, in the headers of HTTP. */
  readonly forwarded: boolean;
  readonly #trust: true | number | { readonly networks: BlockList; readonly unix: boolean };

  /** Use {@link readProxyOptions}. */
  constructor(trust: true | number | readonly string[], header: boolean, forwarded: boolean) {
    this.header = header;
    this.forwarded = forwarded;
    this.#trust = typeof trust === 'object' ? networksOf(trust) : trust;
  }

  /**
   * Whether this is a proxy whose word counts.
   * @param address `ip:port`, or the path of a unix socket.
   * @param hop How many proxies stand between it and us.
   */
  trusts(address: string, hop: number): boolean {
    const trust = this.#trust;
    if (trust === true) return true;
    if (typeof trust === 'number') return hop < trust;
    const ip = ipOf(address);
    if (ip === undefined) return trust.unix;
    return trust.networks.check(ip, isIP(ip) === 6 ? 'ipv6' : 'ipv4');
  }
}

/** An entry taken apart, undefined if it is none. */
function networkIn(entry: unknown): { ip: string; family: 'ipv4' | 'ipv6'; bits: number } | undefined {
  if (typeof entry !== 'string') return undefined;
  const [ip = '', size, ...rest] = entry.split('/');
  const version = isIP(ip);
  const most = version === 6 ? 128 : 32;
  const bits = size === undefined ? most : /^\d{1,3}$/.test(size) ? Number(size) : Number.NaN;
  const fits = version !== 0 && !ip.includes('%') && rest.length === 0 && bits <= most;
  return fits ? { ip, family: version === 6 ? 'ipv6' : 'ipv4', bits } : undefined;
}

function networksOf(entries: readonly string[]): { networks: BlockList; unix: boolean } {
  const networks = new BlockList();
  for (const entry of entries) {
    const network = networkIn(entry);
    if (network !== undefined) networks.addSubnet(network.ip, network.bits, network.family);
  }
  return { networks, unix: entries.includes('unix') };
}

/**
 * Reads the settings; undefined if nobody is trusted.
 * @param forwarded Whether there is another way besides the PROXY header for proxies to speak.
 * @throws ERR_ARGUMENT.
 */
export function readProxyOptions<Given extends ProxyOptions>(
  options: OptionReader<Given>,
  forwarded?: boolean,
): Proxies | undefined {
  const header = options.flag('proxyProtocol', false);
  const trust = options.value('trustProxy') as ProxyOptions['trustProxy'];
  if (trust === undefined || trust === false) {
    if (header || forwarded === true)
      options.wrong('trustProxy', `given with ${header ? 'proxyProtocol' : 'forwarded'}: who is believed?`);
    return undefined;
  }
  if (Array.isArray(trust)) {
    const flaw = trust.find((entry) => entry !== 'unix' && networkIn(entry) === undefined);
    if (flaw !== undefined || trust.length === 0)
      options.wrong('trustProxy', 'a list of addresses and networks such as 10.0.0.0/8', flaw ?? trust);
  } else if (trust !== true && !(Number.isInteger(trust) && (trust as number) > 0))
    options.wrong('trustProxy', 'true, a number of proxies from 1 on, or a list of addresses and networks');
  if (!header && forwarded !== true) {
    const instead = forwarded === undefined ? '' : ', or forwarded given,';
    options.wrong('proxyProtocol', `true${instead} where trustProxy is given`);
  }
  return new Proxies(trust, header, forwarded ?? false);
}
