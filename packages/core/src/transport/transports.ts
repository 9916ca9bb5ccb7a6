import { SkynetError } from '../errors.ts';
import { readOptions } from '../options.ts';
import type {
  Connection,
  ConnectOptions,
  Listener,
  ListenOptions,
  Transport,
  TransportAddress,
  Transports,
} from './contract.ts';

const LARGEST = 0x7fff_ffff;
const HOSTLESS = new Set(['unix', 'memory']);

function invalid(text: string, what = 'address'): never {
  throw new SkynetError('ERR_ADDRESS_INVALID', `Invalid ${what} ${text}.`, { details: { address: text } });
}

/**
 * Takes an address apart: `scheme://host:port`, `host:port`, `[v6]:port`, `unix:///path`, `memory://name`.
 * @throws ERR_ADDRESS_INVALID (`Invalid address x.`, `Invalid port in address x.`).
 */
export function parseAddress(text: string): TransportAddress {
  if (typeof text !== 'string') return invalid(String(text));
  const [, given = 'tcp', rest = ''] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/is.exec(text) ?? [];
  const scheme = given.toLowerCase();
  // Node takes none in names; one in front of a path means an abstract socket of Linux.
  if (rest.lastIndexOf('\0') > (scheme === 'unix' ? 0 : -1)) return invalid(text);
  if (HOSTLESS.has(scheme)) return rest === '' ? invalid(text) : { scheme, host: '', port: 0, path: rest };
  const match = /^(?:\[([^\]]+)\]|([^:/\s]*)):([^:/]*)(\/.*)?$/.exec(rest);
  if (match === null) return invalid(text);
  const host = match[1] ?? match[2] ?? '';
  const port = match[3] ?? '';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 0xffff) return invalid(text, 'port in address');
  return { scheme, host: host === '' ? '0.0.0.0' : host, port: Number(port), path: match[4] ?? '' };
}

/** @throws ERR_ARGUMENT, naming the option. */
function checkListenOptions(given: ListenOptions): void {
  readOptions('listen option', given, (options) => {
    options.whole('backlog', 1, LARGEST, undefined);
    options.whole('maxConnections', 0, LARGEST, undefined);
    options.whole('maxPerAddress', 0, LARGEST, undefined);
    options.whole('handshakeTimeout', 0, LARGEST, undefined);
    options.callable('onAcceptError', false);
  });
}

/** The transports of one node. Two nodes in one process share nothing unless they are given the same objects. */
export function createTransports(list: readonly Transport[]): Transports {
  const byScheme = new Map<string, Transport>();
  for (const transport of list) for (const scheme of transport.schemes) byScheme.set(scheme, transport);

  const pick = (address: TransportAddress, text: string): Transport => {
    const transport = byScheme.get(address.scheme);
    if (transport !== undefined) return transport;
    const known = [...byScheme.keys()].join(', ');
    throw new SkynetError('ERR_ADDRESS_INVALID', `no transport for ${text}: this node has ${known}`, {
      details: { address: text },
    });
  };

  return {
    async connect(text: string, options: ConnectOptions = {}): Promise<Connection> {
      const address = parseAddress(text);
      const transport = pick(address, text);
      if (address.port === 0 && !HOSTLESS.has(address.scheme))
        throw new SkynetError('ERR_ADDRESS_INVALID', 'Invalid port');
      return transport.connect(address, options);
    },
    async listen(
      text: string,
      options: ListenOptions,
      accept: (connection: Connection) => void,
    ): Promise<Listener> {
      const address = parseAddress(text);
      checkListenOptions(options);
      return pick(address, text).listen(address, options, accept);
    },
  };
}
