// Book 7.13.1 (there `testmydb`): `testmydbproxy <key> <value>` talks to .mydb through .proxy.
import { defineService } from '@skynet/core';

export default defineService((skynet, key, value) => {
  async function task(): Promise<void> {
    let r: unknown = skynet.send('.proxy', 'lua', 'set', key, value);
    skynet.error('mydb set Test', r);

    r = await skynet.call('.proxy', 'lua', 'get', key);
    skynet.error('mydb get Test', r);
    skynet.exit();
  }

  skynet.fork(task);
});
