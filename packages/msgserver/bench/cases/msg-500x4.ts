import type { BenchCase } from '../../../core/bench/case.ts';
import { msgCase } from '../msg-servers.ts';

const bench: BenchCase = msgCase('msg-500x4', 500, 4);
export default bench;
