import { testChapter } from './book.ts';
import { portsFor } from './ports.ts';

testChapter('ch09', async () => ({ ports: await portsFor(8001) }));
