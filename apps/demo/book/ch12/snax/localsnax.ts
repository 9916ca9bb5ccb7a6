import { defineSnax } from '@skynet/snax';

/** Book 12.5: a service with a local and a global variable. What patches may join stands under `locals`. */
export default defineSnax((skynet, snax) => {
  let i = 10;
  snax.globals['gname'] = 'nengzhong';
  return {
    locals: {
      get skynet() {
        return skynet;
      },
      get i() {
        return i;
      },
      set i(value: number) {
        i = value;
      },
    },
    accept: {
      hello: (...args: unknown[]) => skynet.error('hello', i, snax.globals['gname'], ...args),
      quit: (...args: unknown[]) => snax.exit(...args),
    },
    init: (...args: unknown[]) => skynet.error('snax server start:', ...args),
    exit: (...args: unknown[]) => skynet.error('snax server exit:', ...args),
  };
});
