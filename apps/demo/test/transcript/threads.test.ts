import { testChapter } from './book.ts';

// The same examples in a node with four threads, over which the console spreads them: nothing may look different.
for (const chapter of ['ch03', 'ch04', 'ch05', 'ch06', 'ch07']) testChapter(chapter, () => ({ thread: 4 }));
