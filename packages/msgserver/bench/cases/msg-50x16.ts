import type { BenchCase } from '../../../core/bench/case.ts';
import { msgCase } from '../msg-servers.ts';

const bench: BenchCase = msgCase('msg-50x16', 50, 16);
export default bench;
