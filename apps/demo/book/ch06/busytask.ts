// Book 6.3: tasks that never suspend run one after the other. `busytask [rounds]`.
import { defineService } from '@skynet/core';

export default defineService((skynet, rounds = '2000000000') => {
  function task(name: string): void {
    const limit = Number(rounds);
    let i = 0;
    skynet.error(name, 'begin task');
    while (i < limit) i = i + 1;
    skynet.error(name, 'end task', i);
  }

  skynet.fork(task, 'task1');
  skynet.fork(task, 'task2');
});
