import { transportCompliance } from '@skynet/core/testing';
import { createTransports } from '@skynet/core/transport';
import { ws } from '@skynet/core/ws';
import { describe, it } from 'vitest';
import { certificate } from '../transport/certificate.ts';

const runner = { describe, it };

transportCompliance(
  'ws',
  () => ({ transports: createTransports([ws()]), address: 'ws://127.0.0.1:0' }),
  runner,
);

transportCompliance(
  'ws with a path',
  () => ({ transports: createTransports([ws()]), address: 'ws://127.0.0.1:0/game' }),
  runner,
);

transportCompliance(
  'wss',
  () => ({
    transports: createTransports([ws({ server: certificate, client: { ca: certificate.cert } })]),
    address: 'wss://127.0.0.1:0',
  }),
  runner,
);
