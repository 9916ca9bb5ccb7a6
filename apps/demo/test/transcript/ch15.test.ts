import { testChapter } from './book.ts';
import { portsFor } from './ports.ts';

testChapter('ch15', async () => ({ ports: await portsFor(8001, 8002), timeScale: 1 }));
