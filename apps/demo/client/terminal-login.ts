import {
  base64decode,
  base64encode,
  desencode,
  dhexchange,
  dhsecret,
  hmac64,
  randomkey,
} from '@skynet/core/crypt';
import { LineConnection } from './line-connection.ts';

/** Who logs in, and what goes wrong on purpose. */
export interface Account {
  readonly user: string;
  readonly server: string;
  readonly pass: string;
  /** Answers another challenge than the server's. */
  readonly wrongHmac?: boolean;
}

/** What the login server gave. */
export interface Login {
  readonly secret: Uint8Array;
  readonly subid: string;
}

/** Logs in as the book's client does (14.4) and says so on the terminal. @throws if the server says no. */
export async function logIn(port: number, account: Account): Promise<Login> {
  const server = await LineConnection.open(port);
  const challenge = base64decode(await server.readLine());
  const clientkey = randomkey();
  server.writeLine(base64encode(dhexchange(clientkey)));
  const secret = dhsecret(base64decode(await server.readLine()), clientkey);
  console.log('secret agreed on'); // the book prints it
  server.writeLine(base64encode(hmac64(account.wrongHmac ? '11111111' : challenge, secret)));
  const token = `${base64encode(account.user)}@${base64encode(account.server)}:${base64encode(account.pass)}`;
  server.writeLine(base64encode(desencode(secret, token)));
  const result = await server.readLine();
  console.log(result);
  server.close();
  if (!result.startsWith('200 ')) throw new Error('login failed');
  const subid = Buffer.from(base64decode(result.slice(4))).toString();
  console.log('login ok, subid=', subid);
  return { secret, subid };
}
