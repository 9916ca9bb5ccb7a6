import path from 'node:path';
import { expect, test } from 'vitest';
import { traceOf } from '../src/trace.ts';

// A command that reads source maps shows frames of built code as those of its sources.
test.each(['src/slave.ts', 'dist/index.js'])(
  'frames end where this package has called the handler: %s',
  (ours) => {
    const error = new Error('no');
    const application = '    at authHandler (/app/services/login.ts:12:42)';
    const frame = `    at authenticate (${path.join(import.meta.dirname, '..', ours)}:74:37)`;
    error.stack = `Error: no\n${application}\n${frame}\n    at Service.turn (/app/node_modules/@skynet/core/dist/index.js:1:1)`;
    expect(traceOf('authHandler', error)).toBe(`\n    in authHandler\n${application}`);
  },
);
