import { testChapter } from './book.ts';
import { freePorts } from './ports.ts';

testChapter('ch18', async () => ({ ports: await freePorts(8001) }));
