import { testChapter } from './book.ts';
import { portsFor } from './ports.ts';

// Two clients have to start within the five seconds that a login takes in 14.7, on a busy machine too.
testChapter('ch14', async () => ({ ports: await portsFor(8001), timeScale: 2 }));
