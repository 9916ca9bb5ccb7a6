import { testChapter } from './book.ts';
import { portsFor } from './ports.ts';

// The same examples in a node with four threads, over which the console spreads them: each
// must write the same lines. Lines of services that run at the same time may come in either order, as in the original.
for (const chapter of ['ch03', 'ch04', 'ch05', 'ch06', 'ch07', 'ch08', 'ch09', 'ch13']) {
  testChapter(chapter, async () => ({
    thread: 4,
    interleaved: true,
    ports: await portsFor(8001, 8002, 2013, 2526, 2527),
  }));
}
