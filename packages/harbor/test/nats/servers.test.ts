import { describe } from 'vitest';
import { newMesh, onServer, ownServer, startPeer, why } from './nodes.ts';

describe('a server', () => {
  onServer(`that stands still is found out; nodes are in again when it goes on${why}`, async () => {
    const nats = await ownServer();
    // Shorter than a user's, so that the test need not wait as long.
    const one = await startPeer({ id: 1, servers: nats.url, mesh: newMesh(), lease: '2s' });
    nats.signal('SIGSTOP');
    await one.logged(/this node is cut off from the mesh/);
    nats.signal('SIGCONT');
    await one.logged(/this node is in the mesh again/);
  });
});
