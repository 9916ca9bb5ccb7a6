import { defineService, type LuaFloat, PTYPE, packSeri, type Request } from '@skynet/core';
import { numberOf, readExactly, textOf, type Values } from '../../reference/service.ts';
import { describe, sum } from '../../reference/values.ts';
import { REFSNAX } from '../refsnax.ts';

/** Type number that messages are taken for, so that their bytes are read without losing anything. */
const EXACT = 21;

/** The snax service `refsnax` as it is on the wire: numbers of methods and their arguments, as `lua` and snax messages. */
export default defineService((skynet, name = '') => {
  if (name !== 'refsnax') throw new Error(`no snax service ${name}`);
  const values = new Map<string, unknown>();
  let total: bigint | LuaFloat = 0n;
  const methods: Readonly<Record<string, (...args: never[]) => Values | Promise<Values>>> = {
    'accept.put': (key, value) => {
      values.set(describe(key), value);
      return [];
    },
    'response.get': (key) => [values.get(describe(key))],
    'response.add': (n) => {
      total = sum([total, n]);
      return [total];
    },
    'response.echo': (...given) => given,
    'response.fail': (text) => {
      throw new Error(textOf(text));
    },
    'response.slow': async (time, value) => {
      await skynet.sleep(numberOf(time));
      return [value];
    },
  };
  skynet.registerProtocol({
    name: 'exactsnax',
    id: EXACT,
    pack: (...given) => packSeri(given),
    unpack: readExactly,
  });
  skynet.forwardType({ [PTYPE.LUA]: EXACT, [PTYPE.SNAX]: EXACT });
  skynet.dispatch('exactsnax', async (request: Request, id: unknown, ...args: never[]) => {
    const method = methods[REFSNAX.methodOf(numberOf(id)) ?? ''];
    if (method === undefined) throw new Error(`refsnax has no method ${describe(id)}`);
    const answer = await method(...args);
    if (request.session !== 0) request.ret(...answer);
    else request.noReply();
  });
});

declare module '@skynet/core' {
  interface Protocols {
    exactsnax: true;
  }
}
