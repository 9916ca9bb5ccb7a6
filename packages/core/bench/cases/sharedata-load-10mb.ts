import type { BenchCase } from '../case.ts';
import { loadPlain, loadShared } from '../sharedata.ts';

const sharedataLoad: BenchCase = {
  lines: [{ name: 'sharedata-load-10mb', unit: 'MB/s' }],
  floors: { 'JSON.parse': loadPlain },
  run: loadShared,
};
export default sharedataLoad;
