import { testChapter } from './book.ts';

// The same examples in a node with worker threads: only the order within each service is promised.
testChapter('ch07', () => ({ thread: 4, interleaved: true }));
