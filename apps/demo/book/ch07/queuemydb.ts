// Book 7.11 (there `mydb`): a critical section makes one command wait for the other.
import { type CommandTable, defineService, type Request } from '@skynet/core';

export default defineService((skynet) => {
  const cs = skynet.queue();
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
    if (f) request.ret(await cs(() => f.apply(request, args)));
    else skynet.error(`Unknown command ${cmd}`);
  });
  skynet.register('.mydb');
});
