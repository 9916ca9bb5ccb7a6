import type { BenchCase } from '../../../core/bench/case.ts';
import { selectCase } from '../select.ts';

const mysqlPipeline: BenchCase = selectCase('mysql-pipeline', 64);
export default mysqlPipeline;
