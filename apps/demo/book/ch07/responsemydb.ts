// Book 7.8 (there `mydb`): a response object lets any task answer, at any time.
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
    const response = request.response();
    skynet.fork(async () => {
      await skynet.sleep(500);
      const f = command[cmd.toUpperCase()];
      if (f) response(true, f.apply(request, args));
      else skynet.error(`Unknown command ${cmd}`);
    });
  });
  skynet.register('.mydb');
});
