import { testChapter } from './book.ts';
import { portsFor } from './ports.ts';

testChapter('ch10', async () => ({ ports: await portsFor(8001) }));
