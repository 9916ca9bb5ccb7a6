// Book 7.6: a database in memory that understands the commands get and set.
import { type CommandTable, defineService, type Request } from '@skynet/core';

export default defineService((skynet) => {
  const db = new Map<string, unknown>();

  const command: CommandTable = {
    GET(key: string): unknown {
      return db.get(key);
    },
    SET(key: string, value: unknown): void {
      db.set(key, value);
    },
  };

  skynet.dispatch('lua', (request: Request, cmd: string, ...args: unknown[]) => {
    const f = command[cmd.toUpperCase()];
    if (f) request.ret(f.apply(request, args));
    else skynet.error(`Unknown command ${cmd}`);
  });
  skynet.register('.mydb');
});
