import { defineService } from '@skynet/core';
import { adopt } from '@skynet/core/adopt';
import mqtt from 'mqtt';

/** Tells an MQTT broker who plays, and hears what others tell. */
export default defineService((skynet, url) => {
  const client = adopt(skynet, mqtt.connect(url), {
    close: (broker) => broker.endAsync(), // with the service, however it ends
    code: 'ERR_MQTT',
  });
  const heard: string[] = [];
  client.on('message', (topic, payload) => {
    // A task of the service, in its turn: `send`, `call` and `sleep` are there.
    heard.push(`${topic} ${payload.toString()}`);
    skynet.wakeup(heard);
  });
  return {
    async follow(topic: string) {
      await client.subscribeAsync(topic); // the task goes on in its turn
    },
    async tell(topic: string, text: string) {
      await client.publishAsync(topic, text, { qos: 1 });
    },
    async next(): Promise<string> {
      while (heard.length === 0) await skynet.wait(heard);
      return heard.shift() as string;
    },
  };
});
