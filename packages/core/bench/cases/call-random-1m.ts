import type { BenchCase } from '../case.ts';
import { amongMany } from '../random-calls.ts';

const callRandom: BenchCase = amongMany('call-random-1m', 1_000_000);
export default callRandom;
