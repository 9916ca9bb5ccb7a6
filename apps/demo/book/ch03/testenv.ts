// Book 3.3: reads keys of the configuration and adds new ones.
import { defineService } from '@skynet/core';

export default defineService((skynet) => {
  let name = skynet.getenv('myname');
  let age = skynet.getenv('myage');
  skynet.error('My name is', name, ',', age, 'years old.');

  // skynet.setenv('myname', 'coder'); would throw ERR_ENV_EXISTS: keys never change.
  skynet.setenv('mynewname', 'coder');
  skynet.setenv('mynewage', 21);

  name = skynet.getenv('mynewname');
  age = skynet.getenv('mynewage');
  skynet.error('My new name is', name, ',', age, 'years old soon.');
  skynet.exit();
});
