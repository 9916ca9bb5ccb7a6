import { testChapter } from './book.ts';
import { freePorts } from './ports.ts';

testChapter('ch13', async () => ({ ports: await freePorts(8002) }));
