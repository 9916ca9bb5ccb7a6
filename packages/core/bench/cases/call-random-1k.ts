import type { BenchCase } from '../case.ts';
import { amongMany } from '../random-calls.ts';

const callRandom: BenchCase = amongMany('call-random-1k', 1000);
export default callRandom;
