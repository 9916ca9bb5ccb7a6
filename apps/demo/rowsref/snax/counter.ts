import type { Request } from '@skynet/core';
import { defineSnax } from '@skynet/snax';

/** The rows' `counter`. */
export default defineSnax(
  (skynet, snax) => {
    let count: unknown = 0;
    let log: unknown[] = [];
    snax.globals['label'] = 'none';
    return {
      accept: {
        add: (n: number) => {
          count = (count as number) + n;
        },
        fail: () => {
          throw new Error('asked to fail');
        },
        note: (value: unknown) => {
          log.push(value);
        },
      },
      response: {
        get: () => count,
        echo(this: Request, ...values: unknown[]) {
          this.ret(...values);
        },
        fail: (text: unknown) => {
          throw new Error(textOf(text));
        },
        label: () => snax.globals['label'],
        log: () => log,
        async slow(cs: number, value: unknown) {
          await skynet.sleep(cs);
          return value;
        },
        none: () => undefined,
      },
      init(...args: unknown[]) {
        if (args[0] instanceof Uint8Array && textOf(args[0]) === 'fail') throw new Error('asked to fail');
        // Of these values nil and false count as none.
        count = isNone(args[0]) ? 0 : args[0];
        snax.globals['label'] = isNone(args[1]) ? 'none' : args[1];
        log = args;
      },
      exit(...args: unknown[]) {
        skynet.setenv(`counter_exit_${textOf(count)}`, args.map(textOf).join(','));
      },
    };
  },
  {
    order: [
      'accept.add',
      'accept.fail',
      'response.get',
      'response.echo',
      'response.fail',
      'response.label',
      'response.log',
      'accept.note',
      'response.slow',
      'response.none',
    ],
  },
);

function isNone(value: unknown): boolean {
  return value === undefined || value === null || value === false;
}

function textOf(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString() : String(value);
}
