// Book 7.6: `testmydb <key> <value>` stores a value in .mydb and reads it back.
import { defineService } from '@skynet/core';

export default defineService((skynet, key, value) => {
  async function task(): Promise<void> {
    let r: unknown = skynet.send('.mydb', 'lua', 'set', key, value);
    skynet.error('mydb set Test', r);

    r = await skynet.call('.mydb', 'lua', 'get', key);
    skynet.error('mydb get Test', r);
    skynet.exit();
  }

  skynet.fork(task);
});
