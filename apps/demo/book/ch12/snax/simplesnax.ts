import { defineSnax } from '@skynet/snax';

/** Book 12.2 and 12.3: a service that starts, is told things, answers, and ends. */
export default defineSnax((skynet, snax) => ({
  accept: {
    // obj.post.hello
    hello: (...args: unknown[]) => skynet.error('hello', ...args),
    // The same as snax.kill(snax.self(), ...args).
    quit: (...args: unknown[]) => snax.exit(...args),
  },
  response: {
    // obj.req.echo
    echo(text: string) {
      skynet.error('echo', text);
      return text.toUpperCase();
    },
  },
  init: (...args: unknown[]) => skynet.error('snax server start:', ...args),
  exit: (...args: unknown[]) => skynet.error('snax server exit:', ...args),
}));
