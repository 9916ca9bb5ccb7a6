// Answers the requests of one user in upper case (ASCII letters, byte for byte). `!error…` fails, `!nil` has no answer,
// `!sleep:N:TEXT` answers TEXT after N hundredths of a second, `!push:TEXT` also pushes TEXT, `quit` logs the user out.
import { defineService, type Handle, PTYPE, type Request } from '@skynet/core';

function upper(bytes: Uint8Array): Uint8Array {
  const result = bytes.slice();
  for (let i = 0; i < result.length; i++) {
    const byte = result[i] as number;
    if (byte >= 0x61 && byte <= 0x7a) result[i] = byte - 0x20;
  }
  return result;
}

const BANG = 0x21;

export default defineService((skynet) => {
  let gate: Handle = 0;
  let uid = '';
  let subid = 0;

  async function logout(): Promise<void> {
    if (gate !== 0) await skynet.call(gate, 'lua', 'logout', uid, subid);
    skynet.exit();
  }

  async function work(request: Request, content: Uint8Array): Promise<void> {
    const text = Buffer.from(content).toString('latin1');
    const sleep = /^!sleep:(\d+):(.*)$/s.exec(text);
    if (text.startsWith('!error')) throw new Error('request failed');
    if (text === '!nil') request.rawRet(new Uint8Array(0));
    else if (sleep !== null) {
      await skynet.sleep(Number(sleep[1]));
      request.rawRet(upper(Buffer.from(sleep[2] ?? '', 'latin1')));
    } else {
      if (text.startsWith('!push:'))
        skynet.send(gate, 'lua', 'push', uid, subid, content.slice('!push:'.length));
      request.rawRet(upper(content));
    }
    if (text === 'quit') await logout();
  }

  skynet.registerProtocol({ name: 'client', id: PTYPE.CLIENT, unpack: (body) => body });
  skynet.dispatch('client', (request: Request, content: Uint8Array) => {
    const special = content[0] === BANG || content.length === 4;
    if (special) return work(request, content);
    request.rawRet(upper(content));
    return undefined;
  });

  return {
    login(server: Handle, user: string, id: number): void {
      gate = server;
      uid = user;
      subid = id;
    },
    logout,
  };
});
