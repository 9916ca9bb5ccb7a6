import { transportCompliance } from '@skynet/core/testing';
import { createTransports } from '@skynet/core/transport';
import { ws } from '@skynet/core/ws';
import { describe, it } from 'vitest';
import { certificate, greeting } from '../transport/certificate.ts';

/** Headers without end. */
const handshake = Buffer.from(
  `GET / HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nx: ${'x'.repeat(1000)}`,
);
const runner = { describe, it };

transportCompliance(
  'ws',
  () => ({ transports: createTransports([ws()]), address: 'ws://127.0.0.1:0', handshake }),
  runner,
);

transportCompliance(
  'ws with a path',
  () => ({ transports: createTransports([ws()]), address: 'ws://127.0.0.1:0/game', handshake }),
  runner,
);

transportCompliance(
  'wss',
  () => ({
    transports: createTransports([ws({ server: certificate, client: { ca: certificate.cert } })]),
    address: 'wss://127.0.0.1:0',
    handshake: greeting,
  }),
  runner,
);
