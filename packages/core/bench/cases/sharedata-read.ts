import type { BenchCase } from '../case.ts';
import { readCloned, readShared } from '../sharedata.ts';

const sharedataRead: BenchCase = {
  lines: [
    { name: 'sharedata-read', unit: 'rows/s' },
    { name: 'sharedata-thread-bytes', unit: 'bytes' },
    { name: 'sharedata-thread-ms', unit: 'ms' },
  ],
  floors: { 'plain objects, a clone for each thread': readCloned },
  run: readShared,
};
export default sharedataRead;
