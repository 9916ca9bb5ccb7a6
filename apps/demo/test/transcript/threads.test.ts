import { testChapter } from './book.ts';

// The same examples in a node with worker threads: only the order within each service is promised.
for (const chapter of ['ch04', 'ch07']) testChapter(chapter, () => ({ thread: 4, interleaved: true }));
