import { defineService, type ServiceDefinition } from '@skynet/core';
import { createDns } from './dns.ts';

/** What {@link dnsService} understands as `lua` messages. */
export type DnsCommands = {
  /** The addresses of a name: the first, and all. As `dns.resolve`. */
  GETIP(name: string, ipv6?: boolean): Promise<[address: string, all: readonly string[]]>;
  /** Forgets what is known. */
  FLUSH(): void;
};

/**
 * Looks names up for the whole node (book §11.2): what one service has asked for, the others get at once. Its start arguments
 * are the name server's ip and port; default: those of resolv.conf.
 */
const dnsService: ServiceDefinition<DnsCommands> = defineService(
  async (skynet, ip?: string, port?: string) => {
    const dns = createDns(skynet);
    if (ip !== undefined) await dns.server(ip, port === undefined ? 53 : Number(port));
    return {
      GETIP: (name: string, ipv6?: boolean) => dns.resolve(name, ipv6),
      FLUSH: () => dns.flush(),
    };
  },
);
export default dnsService;
