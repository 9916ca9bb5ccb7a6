import { transportCompliance } from '@skynet/core/testing';
import { type Connection, createTransports, type Transport, tcp } from '@skynet/core/transport';
import { describe, it } from 'vitest';
import { Hosted, obey } from '../src/hosted.ts';
import type { Note } from '../src/note.ts';
import { RemoteConnection } from '../src/remote-connection.ts';

let ids = 0;

/** A connection as a service in another thread has it: with a stand-in, and notes that take a while. */
function lent(connection: Connection): Connection {
  const id = ++ids;
  const later = (work: () => void): void => void setImmediate(work);
  const { remoteAddress, localAddress } = connection;
  const hosted = new Hosted(
    id,
    connection,
    1,
    (note: Note) => later(() => remote.take(structuredClone(note))),
    () => {},
  );
  const remote = new RemoteConnection(id, 0, remoteAddress, localAddress, (note) => {
    const copy = structuredClone(note);
    later(() => obey(hosted, copy));
  });
  hosted.start();
  return remote;
}

function lending(transport: Transport): Transport {
  return {
    schemes: transport.schemes,
    connect: async (address, options) => lent(await transport.connect(address, options)),
    listen: (address, options, accept) =>
      transport.listen(address, options, (connection) => accept(lent(connection))),
  };
}

transportCompliance(
  'tcp, held by another thread',
  () => ({ transports: createTransports([lending(tcp())]), address: '127.0.0.1:0' }),
  { describe, it },
);
