import { testChapter } from './book.ts';
import { freePorts } from './ports.ts';

testChapter('ch15', async () => ({ ports: await freePorts(8001, 8002) }));
