import { createSnax } from '@skynet/snax';
import { callRate, calls } from '../../../core/bench/calls.ts';
import type { BenchCase } from '../../../core/bench/case.ts';
import { inSnaxNode } from '../node.ts';
import type echo from '../snax/echo.ts';

const snaxReqInt: BenchCase = {
  lines: [{ name: 'snax-req-int', unit: 'requests/s' }],
  floors: { 'call-int': calls(42) },
  run: (effort) =>
    inSnaxNode(async (skynet) => {
      const object = await createSnax(skynet).newService<typeof echo>('echo');
      return [await callRate(effort, () => object.req.echo(42), 1, 2000)];
    }),
};
export default snaxReqInt;
