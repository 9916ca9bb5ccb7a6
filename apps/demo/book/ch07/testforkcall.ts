// Book 7.7: two tasks call the same service; every answer finds its own question.
import { defineService } from '@skynet/core';

export default defineService((skynet) => {
  async function task(name: string): Promise<void> {
    for (let i = 0; i < 5; i++) {
      skynet.error(name, 'call');
      const answer = await skynet.call('.echoluamsg', 'lua', name);
      skynet.error(name, 'return:', answer);
    }
  }

  skynet.fork(task, 'task1');
  skynet.fork(task, 'task2');
});
