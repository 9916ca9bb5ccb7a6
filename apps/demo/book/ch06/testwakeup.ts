// Book 6.5: one task waits until the other wakes it; it goes on when the waker is done.
import { defineService, type Task } from '@skynet/core';

export default defineService((skynet) => {
  const tasks: Task[] = [];

  async function task1(): Promise<void> {
    skynet.error('task1 begin task');
    skynet.error('task1 wait');
    await skynet.wait(); // or skynet.wait(skynet.running())
    skynet.error('task1 end task');
  }

  function task2(): void {
    skynet.error('task2 begin task');
    skynet.error('task2 wakeup task1');
    skynet.wakeup(tasks[0]);
    skynet.error('task2 end task');
  }

  tasks.push(skynet.fork(task1));
  tasks.push(skynet.fork(task2));
});
