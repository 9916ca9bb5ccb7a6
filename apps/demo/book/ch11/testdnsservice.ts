// Book 11.2: asks the service. Started with a command and a name.
import { defineService } from '@skynet/core';

export default defineService((skynet, cmd = 'getip', domain = 'github.com') => {
  skynet.fork(async () => {
    const [r] = await skynet.call<[string, string[]]>('.dnsservice', 'lua', cmd, domain);
    skynet.error('dnsservice Test:', domain, r);
    skynet.exit();
  });
});
