import { testChapter } from './book.ts';
import { freePorts } from './ports.ts';

testChapter('ch05', async () => ({ ports: await freePorts(2013, 2526, 2527) }));
