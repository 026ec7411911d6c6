'use strict';
const { Socket } = require('node:net');

// Loaded before everything else in each process of the lane. Wine 8 cannot switch keep-alive on for a socket that is not
// connected yet, which Windows can and `fetch` does: then it is done once there is a connection.

const { setKeepAlive } = Socket.prototype;

Socket.prototype.setKeepAlive = function (...settings) {
  if (this.connecting) return this.once('connect', () => setKeepAlive.apply(this, settings));
  return setKeepAlive.apply(this, settings);
};
