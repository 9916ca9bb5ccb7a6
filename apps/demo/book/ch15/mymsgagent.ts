// Book 15.5: works on the requests of one user.
import { defineService, type Handle, PTYPE, type Request } from '@skynet/core';

export default defineService((skynet) => {
  let gate: Handle = 0;
  let userid = '';
  let subid = 0;

  skynet.registerProtocol({
    name: 'client',
    id: PTYPE.CLIENT,
    unpack: (body) => skynet.toString(body),
  });

  async function logout(): Promise<void> {
    if (gate !== 0) await skynet.call(gate, 'lua', 'logout', userid, subid);
    skynet.exit();
  }

  skynet.dispatch('client', async (request: Request, msg: string) => {
    skynet.error('recv:', msg);
    request.rawRet(Buffer.from(msg.toUpperCase()));
    if (msg === 'quit') await logout();
  });

  return {
    login(this: Request, uid: string, id: number, _secret: Uint8Array): void {
      // The secret may be used to encrypt what goes to and fro; data of the user may be loaded here.
      skynet.error(`${uid} is login`);
      gate = this.source;
      userid = uid;
      subid = id;
    },
    async logout(): Promise<void> {
      // May come more than once.
      skynet.error(`${userid} is logout`);
      await logout();
    },
    disconnect(): void {
      // The connection is lost, but the user may come back.
      skynet.error('disconnect');
    },
  };
});
