import type { BenchCase } from '../../../core/bench/case.ts';
import { msgCase } from '../msg-servers.ts';

const bench: BenchCase = msgCase('msg-1', 1, 1);
export default bench;
