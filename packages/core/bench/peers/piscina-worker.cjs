// The thread of the pool.
module.exports = (value) => value;
