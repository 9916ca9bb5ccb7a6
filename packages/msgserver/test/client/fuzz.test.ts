import { pack } from '@skynet/core/netpack';
import { connect, login } from '@skynet/msgserver/client';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeAnswer } from '../../src/answer.ts';
import { ACK_SESSION, STATUS } from '../../src/wire.ts';
import { scripted } from './streams.ts';

/** Codes with which a client may end when a server says something it should not. */
const EXPECTED = /^ERR_CLIENT_(LOGIN|REFUSED|SERVER|CONNECT|REQUEST|TIMEOUT|CLOSED)$/;

const frame = fc.oneof(
  { weight: 3, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => pack(bytes)) },
  fc
    .tuple(fc.uint8Array({ maxLength: 8 }), fc.nat(4), fc.constantFrom(0, 1, 2, 3, 0xffff_fffe, ACK_SESSION))
    .map(([content, result, session]) => pack(encodeAnswer(content, result, session))),
  fc
    .constantFrom(STATUS.ok, `${STATUS.ok} push/1/0`, `${STATUS.ok} push/1/4294967295`, '200', '404 x')
    .map((text) => pack(text)),
  fc.uint8Array({ maxLength: 10 }),
);

describe('whatever a server sends', () => {
  test('a client settles its requests, with an answer or a known code', async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(frame, { maxLength: 8 }), async (polite, frames) => {
        const dial = scripted((server) => {
          if (polite) server.send(pack(`${STATUS.ok} push/1/1`));
          for (const bytes of frames) server.send(bytes);
          server.hangUp();
        });
        const options = { user: 'u', server: 's', subid: 1, secret: new Uint8Array(8), timeout: 30 };
        const client = await connect({ ...options, dial, backoff: { first: 1, max: 1 } }).catch(
          (error) => error.code,
        );
        if (typeof client === 'string') {
          expect(client).toMatch(EXPECTED);
          return;
        }
        const answers = await Promise.allSettled(
          ['a', 'b'].map((word) => client.request(word, { timeout: 30 })),
        );
        for (const answer of answers) {
          if (answer.status === 'rejected') expect(answer.reason.code).toMatch(EXPECTED);
          else expect(answer.value).toBeInstanceOf(Uint8Array);
        }
        client.close();
      }),
      { numRuns: 80 },
    );
  });

  test('a login ends, with a known code', async () => {
    const line = fc.oneof(
      fc.string({ maxLength: 30 }),
      fc.constantFrom(
        'AQIDBAUGBwg=',
        's2Ah2cTFGww=',
        '200 MQ==',
        '200 ',
        '401 Unauthorized',
        '',
        'A',
        'AAAAAAAAAAA=',
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 5 }), async (lines) => {
        const dial = scripted((server) => {
          server.send(lines.map((text) => `${text}\n`).join(''));
          server.hangUp();
        });
        const result = await login({ dial, user: 'u', server: 's', password: 'p' }).catch(
          (error) => error.code,
        );
        if (typeof result === 'string') expect(result).toMatch(EXPECTED);
        else expect(result.secret).toHaveLength(8);
      }),
      { numRuns: 200 },
    );
  });
});
