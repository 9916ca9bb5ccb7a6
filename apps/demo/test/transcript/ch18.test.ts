import { testChapter } from './book.ts';
import { portsFor } from './ports.ts';

testChapter('ch18', async () => ({ ports: await portsFor(8001) }));
