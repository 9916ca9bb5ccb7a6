// The book's myclient of chapter 15: logs in, connects to a message server, and sends it requests.
// Usage: myclient [login port] [msgserver port] [--story name] [--user name]
//   echo        one request (15.2)
//   notfound    a login name nobody has (15.3.1)
//   expired     the same index again (15.3.2)
//   reconnect   the next index (15.3.3)
//   lastanswer  asks again for an answer that was not read (15.4.1)
//   history     asks again for two answers (15.4.2)
//   type        sends what is typed (15.5)
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { base64encode, hashkey, hmac64 } from '@skynet/core/crypt';
import { pack } from '@skynet/core/netpack';
import { LineConnection } from './line-connection.ts';
import { logIn } from './terminal-login.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    story: { type: 'string', default: 'echo' },
    user: { type: 'string', default: 'nzhsoft' },
  },
});
const loginPort = Number(positionals[0] ?? 8001);
const gatePort = Number(positionals[1] ?? 8002);
const server = 'sample';

/** The original's way to write it: content, then the session in four bytes. */
function sendRequest(fd: LineConnection, text: string, session: number): void {
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(session);
  fd.write(pack(Buffer.concat([Buffer.from(text), tail])));
  console.log('===>', text, session);
}

/** Content, one byte that says whether it went well, and the session. */
async function recvResponse(fd: LineConnection): Promise<void> {
  const answer = await fd.readPackage();
  const end = answer.length - 5;
  const ok = answer.readUInt8(end) !== 0;
  console.log(`<=== ${ok} ${answer.toString('utf8', 0, end)} ${answer.readUInt32BE(end + 1)}`);
}

const { secret, subid } = await logIn(loginPort, { user: values.user, server, pass: 'password' });

async function connect(index: number, user = values.user): Promise<LineConnection> {
  console.log('connect');
  const fd = await LineConnection.open(gatePort);
  const handshake = `${base64encode(user)}@${base64encode(server)}#${base64encode(subid)}:${index}`;
  const hmac = hmac64(hashkey(handshake), secret);
  fd.write(pack(`${handshake}:${base64encode(hmac)}`));
  console.log((await fd.readPackage()).toString());
  return fd;
}

function disconnect(fd: LineConnection): void {
  console.log('disconnect');
  fd.close();
}

async function echo(index: number, user?: string): Promise<void> {
  const fd = await connect(index, user);
  sendRequest(fd, 'echo', 0);
  await recvResponse(fd);
  disconnect(fd);
}

const stories: { [name: string]: () => Promise<void> } = {
  echo: () => echo(1),
  notfound: () => echo(1, 'username'),
  async expired() {
    await echo(1);
    await echo(1);
  },
  async reconnect() {
    await echo(1);
    await echo(2);
  },
  async lastanswer() {
    const first = await connect(1);
    sendRequest(first, 'echo', 0);
    disconnect(first);
    const fd = await connect(2);
    sendRequest(fd, 'fake', 0); // what is sent does not matter, the answer is there already
    sendRequest(fd, 'again', 1);
    await recvResponse(fd);
    await recvResponse(fd);
    disconnect(fd);
  },
  async history() {
    const first = await connect(1);
    sendRequest(first, 'echo', 0);
    sendRequest(first, 'echo', 1);
    disconnect(first);
    const fd = await connect(2);
    sendRequest(fd, 'fake', 0);
    sendRequest(fd, 'again', 1);
    await recvResponse(fd);
    await recvResponse(fd);
    disconnect(fd);
  },
  async type() {
    const fd = await connect(1);
    let session = 0;
    for await (const text of createInterface({ input: process.stdin, terminal: false })) {
      sendRequest(fd, text, session++);
      await recvResponse(fd);
    }
    disconnect(fd);
  },
};

try {
  const story = Object.hasOwn(stories, values.story) ? stories[values.story] : undefined;
  if (story === undefined) throw new Error(`no story ${values.story}: ${Object.keys(stories).join(', ')}`);
  await story();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
