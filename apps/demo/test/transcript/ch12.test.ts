import { testChapter } from './book.ts';

testChapter('ch12');
