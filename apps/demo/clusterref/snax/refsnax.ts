import { type LuaFloat, PTYPE, packSeri, type Request } from '@skynet/core';
import { defineSnax } from '@skynet/snax';
import { numberOf, readExactly, textOf } from '../../reference/service.ts';
import { describe, sum } from '../../reference/values.ts';

/** Type number that messages are taken for, so that their bytes are read without losing anything. */
const EXACT = 21;

/** The snax service `refsnax`: the order of its methods gives them their numbers. */
export default defineSnax((skynet, snax) => {
  const values = new Map<string, unknown>();
  let total: bigint | LuaFloat = 0n;
  return {
    accept: {
      put: (key: unknown, value: unknown) => void values.set(describe(key), value),
    },
    response: {
      get: (key: unknown) => values.get(describe(key)),
      add: (n: unknown) => {
        total = sum([total, n]);
        return total;
      },
      echo(this: Request, ...given: unknown[]) {
        this.ret(...given);
      },
      fail: (text: unknown) => {
        throw new Error(textOf(text));
      },
      slow: async (time: unknown, value: unknown) => {
        await skynet.sleep(numberOf(time));
        return value;
      },
    },
    init() {
      snax.enableCluster();
      // As it comes, but floats stay apart from integers.
      const dispatch = skynet.dispatch('snax');
      skynet.registerProtocol({
        name: 'exactsnax',
        id: EXACT,
        pack: (...given) => packSeri(given),
        unpack: readExactly,
        ...(dispatch === undefined ? {} : { dispatch }),
      });
      skynet.forwardType({ [PTYPE.LUA]: EXACT, [PTYPE.SNAX]: EXACT });
    },
  };
});

declare module '@skynet/core' {
  interface Protocols {
    exactsnax: true;
  }
}
