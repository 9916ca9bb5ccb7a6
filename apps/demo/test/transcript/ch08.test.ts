import { testChapter } from './book.ts';
import { freePorts } from './ports.ts';

testChapter('ch08', async () => ({ ports: await freePorts(2013, 2526, 2527) }));
