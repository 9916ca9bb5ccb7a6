// The book's myclient of chapter 14: logs in at a login server.
// Usage: loginclient [port] [--user name] [--pass word] [--server name] [--wrong-hmac]
import { parseArgs } from 'node:util';
import { logIn } from './terminal-login.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    user: { type: 'string', default: 'hello' },
    pass: { type: 'string', default: 'password' },
    server: { type: 'string', default: 'sample' },
    'wrong-hmac': { type: 'boolean', default: false },
  },
});

try {
  const { user, pass, server } = values;
  await logIn(Number(positionals[0] ?? 8001), { user, pass, server, wrongHmac: values['wrong-hmac'] });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
