// Book 7.10 (there `mydb`): while get sleeps, other messages change what it will find.
import { type CommandTable, defineService, type Request } from '@skynet/core';

export default defineService((skynet) => {
  const db = new Map<string, unknown>();

  const command: CommandTable = {
    async GET(key: string): Promise<unknown> {
      await skynet.sleep(1000);
      return db.get(key);
    },
    SET(key: string, value: unknown): void {
      db.set(key, value);
    },
  };

  skynet.dispatch('lua', async (request: Request, cmd: string, ...args: unknown[]) => {
    const f = command[cmd.toUpperCase()];
    if (f) request.ret(await f.apply(request, args));
    else skynet.error(`Unknown command ${cmd}`);
  });
  skynet.register('.mydb');
});
