// Book 11.2: looks names up for all services of the node. The package has one that is ready: `dnsService`.
import { defineService } from '@skynet/core';
import { createDns } from '@skynet/socket';
import { portOf } from '../address.ts';

export default defineService(async (skynet) => {
  const dns = createDns(skynet, { hosts: false });
  await dns.server(skynet.getenv('nameserver'), portOf(skynet, 53));

  const command = {
    FLUSH: () => dns.flush(),
    GETIP: (domain: string) => dns.resolve(domain),
  };
  skynet.dispatch('lua', (_request, cmd: string, domain: string) => {
    const name = cmd.toUpperCase();
    if (name === 'FLUSH' || name === 'GETIP') return command[name](domain);
    skynet.error(`Unknown command ${name}`);
    return undefined;
  });
  skynet.register('.dnsservice');
});
