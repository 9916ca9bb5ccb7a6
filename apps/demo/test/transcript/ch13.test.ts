import { testChapter } from './book.ts';
import { portsFor } from './ports.ts';

testChapter('ch13', async () => ({ ports: await portsFor(8002) }));
