import { defineService, type LuaFloat } from '@skynet/core';
import { serve } from '../../reference/service.ts';
import { sum } from '../../reference/values.ts';

/** A service that the network has once. */
export default defineService((skynet) => {
  let total: bigint | LuaFloat = 0n;
  serve(skynet, {
    who: () => [skynet.self(), skynet.harbor(skynet.self()).harbor],
    add: (_request, n) => {
      total = sum([total, n]);
      return [total];
    },
  });
});
