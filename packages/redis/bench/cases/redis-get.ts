import type { BenchCase } from '../../../core/bench/case.ts';
import { commandsCase } from '../commands.ts';

const bench: BenchCase = commandsCase('redis-get', false);
export default bench;
