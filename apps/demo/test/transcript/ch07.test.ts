import { testChapter } from './book.ts';
import { portsFor } from './ports.ts';

testChapter('ch07', async () => ({ ports: await portsFor(2013, 2526, 2527) }));
