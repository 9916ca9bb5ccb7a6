import { testChapter } from './book.ts';
import { portsFor } from './ports.ts';

// An exchange has one second of the node: five, on a busy machine.
testChapter('ch18', async () => ({ ports: await portsFor(8001), timeScale: 5 }));
