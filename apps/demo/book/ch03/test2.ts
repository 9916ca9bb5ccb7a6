// Book 3.3: sees what testenv left in the environment.
import { defineService } from '@skynet/core';

export default defineService((skynet) => {
  const name = skynet.getenv('mynewname');
  const age = skynet.getenv('mynewage');
  skynet.error('My new name is', name, ',', age, 'years old soon.');
});
