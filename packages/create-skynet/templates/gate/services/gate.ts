export { gate as default } from '@skynet/gateserver';
