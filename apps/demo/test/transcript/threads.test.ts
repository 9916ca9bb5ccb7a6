import { testChapter } from './book.ts';
import { freePorts } from './ports.ts';

// The same examples in a node with four threads, over which the console spreads them: nothing may look different.
for (const chapter of ['ch03', 'ch04', 'ch05', 'ch06', 'ch07', 'ch09', 'ch13']) {
  testChapter(chapter, async () => ({ thread: 4, ports: await freePorts(8001, 8002) }));
}
