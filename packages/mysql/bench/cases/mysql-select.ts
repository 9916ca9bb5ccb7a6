import type { BenchCase } from '../../../core/bench/case.ts';
import { selectCase } from '../select.ts';

const mysqlSelect: BenchCase = selectCase('mysql-select', 1);
export default mysqlSelect;
