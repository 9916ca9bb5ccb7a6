// Book 11.1: the addresses of a name. SKYNET_NAMESERVER names another server than resolv.conf.
import { defineService } from '@skynet/core';
import { createDns } from '@skynet/socket';
import { portOf } from '../address.ts';

export default defineService(async (skynet) => {
  const dns = createDns(skynet, { hosts: false });
  skynet.error('nameserver:', await dns.server(skynet.getenv('nameserver'), portOf(skynet, 53)));

  const [ip, ips] = await dns.resolve('github.com');
  skynet.error('dns.resolve return:', ip);
  for (const each of ips) skynet.error('github.com', each);
});
